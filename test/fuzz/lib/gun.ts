import { subjects } from '@causeway/protocol';
import { systemClock } from '@causeway/transport';
import type { MsgHdrs } from 'nats';
import type { Answers } from './answers.ts';
import { openRawSocket, type RawMessage, type RawSocket } from './raw-socket.ts';
import type { HostileReply, Publication, Shot } from './shots.ts';
import { hostileTenant, type Player, register, type Stage } from './stage.ts';

/** Sends what it is given, each by its way. */
export interface Gun {
  /** Sends one shot and gives the number of messages that it was. */
  fire(shot: Shot): number;
  /** Resolves when the servers have done all that was sent. Rejects where one closed a connection that it should not. */
  settle(): Promise<void>;
  close(): void;
}

const connection = 'gun';
/** Often, since an instance that answers as the broker does where nobody listens is taken for gone. */
const renewMs = 250;
/** A call that a hostile instance leaves unanswered must not wait so long that the instance is left out for it. */
const replyDeadlineMs = 700;

/** Opens all connections that the shots go by. */
export async function createGun(stage: Stage, answers: Answers): Promise<Gun> {
  const heard = (message: RawMessage) => answers.heard(message);
  const open = (player: Player) => stage.open(player, heard);
  const [fuzz, asker, gateway, admin] = await Promise.all([
    open('fuzz'),
    open('asker'),
    open('gateway'),
    open('admin'),
  ]);
  const owner = (await stage.witnesses.at('edge-b', 'site-edge-b')).connection;
  const doors = { 'edge-a': await stage.door('edge-a'), cloud: await stage.door('cloud') };
  const plans = new Map<string, readonly HostileReply[]>();
  let shots = 0;
  const wires = new Set<Promise<void>>();

  const liar: RawSocket = await stage.open('liar', ({ reply, body }) => {
    const plan = plans.get(body.toString());
    if (!plan || reply === undefined) return;
    plans.delete(body.toString());
    for (const { to, headers, body: said } of plan) {
      liar.publish(to === 'answer' ? reply : to, said, headers ? { headers } : {});
    }
  });
  const renew = () =>
    liar.publish('registry.edge-a.liar.register', register('liar'), { reply: '_INBOX.edge-a.liar.c.t' });
  renew();
  const stopRenewing = systemClock.every(renewMs, renew);

  const sockets = { call: fuzz, desk: fuzz, control: gateway, admin };
  const inboxes = {
    call: `_INBOX.edge-a.fuzz.${connection}.`,
    desk: `_INBOX.edge-a.fuzz.${connection}.`,
    control: '_INBOX.edge-b.gateway.gw-1.',
    admin: `_INBOX.admin.${hostileTenant}.amy.${connection}.`,
  };

  function send(way: keyof typeof sockets, { subject, reply, headers, body }: Publication): void {
    const token = () =>
      mustBeAnswered(way, subject) && !isTraced(headers)
        ? answers.expect(describe(way, subject, headers, body))
        : answers.ignore();
    const to = reply === 'own' ? inboxes[way] + token() : reply?.subject;
    sockets[way].publish(subject, body, {
      ...(to === undefined ? {} : { reply: to }),
      ...(headers === undefined ? {} : { headers }),
    });
  }

  function ask(replies: readonly HostileReply[]): void {
    const name = `"plan-${shots++}"`;
    plans.set(name, replies);
    // Those whose call never came to the instance.
    if (plans.size > 2_000) plans.delete(plans.keys().next().value as string);
    const deadline = Math.round(systemClock.now() + replyDeadlineMs);
    const what = `a call that the instance answers with ${JSON.stringify(
      replies.map(({ to, headers, body }) => [to, shown(headers), shown(body)]),
    )}`;
    asker.publish('call.edge-a.asker.edge-a.liar.v1.say', Buffer.from(name), {
      reply: `_INBOX.edge-a.asker.${connection}.${answers.expect(what)}`,
      headers: Buffer.from(`NATS/1.0\r\nCauseway-Deadline: ${deadline}\r\n\r\n`),
    });
  }

  /** Says it on a connection of its own, and waits until the server has had enough of it. */
  async function babble(site: 'edge-a' | 'cloud', lines: readonly Buffer[]): Promise<void> {
    const { door, speaker } = doors[site];
    const socket = await openRawSocket(door, speaker);
    for (const line of lines) socket.write(line);
    // A half-sent message has the server wait for the rest: a moment is enough for it to have read what there is.
    let cancel = () => {};
    const moment = new Promise<void>((resolve) => {
      cancel = systemClock.after(200, resolve);
    });
    await Promise.race([socket.flush().catch(() => {}), moment]);
    cancel();
    socket.close();
    await socket.ended;
  }

  function store({ subject, headers, body }: Publication): void {
    const block = headers ? ({ encode: () => headers } as unknown as MsgHdrs) : undefined;
    try {
      owner.publish(subject, body, block ? { headers: block } : {});
    } catch {
      // The client refuses some subjects that the protocol knows.
    }
  }

  return {
    fire(shot) {
      switch (shot.way) {
        case 'wire': {
          const done = babble(shot.site as 'edge-a' | 'cloud', shot.lines).finally(() => wires.delete(done));
          done.catch(() => {});
          wires.add(done);
          return shot.lines.length;
        }
        case 'reply':
          ask(shot.replies);
          return 1 + shot.replies.length;
        case 'block':
          store(shot.publication);
          return 1;
        default:
          send(shot.way, shot.publication);
          return 1;
      }
    },
    async settle() {
      await Promise.all([...wires]);
      await Promise.all([fuzz, asker, gateway, admin, liar].map((socket) => socket.flush()));
      await owner.flush();
    },
    close() {
      stopRenewing();
      for (const socket of [fuzz, asker, gateway, admin, liar]) socket.close();
    },
  };
}

/** True for a subject on which a part of Causeway listens, or the server says that nobody does. */
function mustBeAnswered(way: 'call' | 'desk' | 'control' | 'admin', subject: string): boolean {
  const call = subjects.call.parse(subject);
  const registry = subjects.registry.parse(subject);
  switch (way) {
    case 'call':
    case 'desk':
      return (
        (call?.fromSite === 'edge-a' && call.from === 'fuzz') ||
        (registry?.site === 'edge-a' && registry.service === 'fuzz')
      );
    case 'control':
      return subjects.control.parse(subject)?.site === 'edge-b';
    case 'admin': {
      const fields = subjects.admin.parse(subject);
      return fields?.tenant === hostileTenant && fields.admin === 'amy';
    }
  }
}

/** The server drops a message whose trace the sender may not ask for; without one it would go through. */
function isTraced(headers: Buffer | undefined): boolean {
  return headers?.includes('Nats-Trace-Dest') ?? false;
}

function shown(bytes: Buffer | undefined): string | undefined {
  return bytes?.toString('latin1').slice(0, 300);
}

function describe(way: string, subject: string, headers: Buffer | undefined, body: Buffer): string {
  return `${way} ${JSON.stringify([subject, shown(headers), shown(body), body.length])}`;
}
