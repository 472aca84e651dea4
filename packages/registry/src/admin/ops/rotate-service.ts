import { isPublicKey } from '@causeway/identity';
import { CausewayError, type RotateServiceReply } from '@causeway/protocol';
import type { Compiler } from '../../compile/compiler.ts';
import type { DocumentStore } from '../../documents/store.ts';
import type { Retirement } from '../../identities/retirement.ts';
import { operation, requireScope } from '../admin-desk.ts';

/** rotate-service: signs a new key of a service; those that it has stay valid beside it for a while. */
export function rotateServiceOperation(options: {
  store: Pick<DocumentStore, 'revision'>;
  compiler: Pick<Compiler, 'run'>;
  retirement: Retirement;
}) {
  const { store, compiler, retirement } = options;
  return operation({
    request: 'RotateServiceRequest',
    async run(request, by): Promise<RotateServiceReply> {
      requireScope(by, request.tenant);
      if (!isPublicKey('user', request.key)) {
        throw new CausewayError('INVALID_REQUEST', 'key is not the public key of a user (U…)', {
          pointer: '/key',
        });
      }
      const { jwt, retiring } = await retirement.replace(request);
      await compiler.run();
      return { jwt, revision: store.revision, retiring };
    },
  });
}
