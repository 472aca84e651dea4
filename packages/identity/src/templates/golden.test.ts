import { expect, test } from 'vitest';
import type { RoleTemplate } from './role-template.ts';
import { type AccountKind, claimsOfRole, roles } from './roles.ts';

/** The roles of a kind of account as its claims have them, a line for each entry: a change of permissions shows here, in full. */
function golden(kind: AccountKind): string {
  return Object.entries(roles[kind] as Record<string, RoleTemplate>)
    .map(([role, template]) => {
      const { pub, sub, ...limits } = claimsOfRole(template) as Record<'pub' | 'sub', { allow: string[] }>;
      const lines = [
        ...pub.allow.map((entry) => `  pub ${entry}`),
        ...sub.allow.map((entry) => `  sub ${entry}`),
        ...[pub, sub].flatMap(({ allow, ...rest }) => Object.keys(rest)),
      ];
      return `${role} ${JSON.stringify(limits)}\n${lines.join('\n')}`;
    })
    .join('\n');
}

test('templates - tenant, as in the claims', () => {
  expect(golden('tenant')).toMatchInlineSnapshot(`
    "service {"subs":128,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub call.{{tag(site)}}.{{name()}}.>
      pub registry.{{tag(site)}}.{{name()}}.>
      pub answer.{{tag(site)}}.{{name()}}.>
      sub serve.{{tag(site)}}.{{name()}}.>
      sub _INBOX.{{tag(site)}}.{{name()}}.>
      sub notify.{{tag(site)}}.{{name()}}.>
    gateway {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub serve.{{tag(site)}}.>
      pub _INBOX.>
      pub notify.{{tag(site)}}.>
      sub call.*.*.{{tag(site)}}.>
      sub call.*.*.any.{{tag(hosts)}}.>
      sub registry.{{tag(site)}}.>
      sub answer.{{tag(site)}}.>
    leaf {"subs":5000,"data":-1,"payload":-1,"allowed_connection_types":["LEAFNODE"]}
      pub call.{{tag(site)}}.>
      pub _INBOX.>
      sub call.*.*.{{tag(site)}}.>
      sub call.*.*.any.{{tag(hosts)}}.>
      sub _INBOX.{{tag(site)}}.>"
  `);
});

test('templates - control, as in the claims', () => {
  expect(golden('control')).toMatchInlineSnapshot(`
    "leaf {"subs":1000,"data":-1,"payload":-1,"allowed_connection_types":["LEAFNODE"]}
      pub control.{{tag(site)}}.>
      pub collect.{{tag(site)}}.>
      sub _INBOX.{{tag(site)}}.gateway.>
      sub $JS.{{tag(site)}}.API.CONSUMER.MSG.NEXT.AUDIT.cloud
      sub $JS.{{tag(site)}}.API.CONSUMER.RESET.AUDIT.cloud
      sub $JS.{{tag(site)}}.API.CONSUMER.MSG.NEXT.FLOW.cloud
      sub $JS.{{tag(site)}}.API.CONSUMER.RESET.FLOW.cloud
    gateway {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub control.cloud.>
      pub audit.*.cloud.{{name()}}.>
      pub flow.cloud.>
      pub peer.cloud.{{name()}}.beat
      pub $JS.API.CONSUMER.MSG.NEXT.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.INFO.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.RESET.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.MSG.NEXT.AUDIT_cloud.{{name()}}
      pub $JS.API.CONSUMER.INFO.AUDIT_cloud.{{name()}}
      pub $JS.API.CONSUMER.RESET.AUDIT_cloud.{{name()}}
      pub $JS.API.DIRECT.GET.AUDIT_cloud.audit.*.cloud.{{name()}}.>
      pub $JS.API.DIRECT.GET.FLOW_cloud.flow.cloud.>
      sub _INBOX.cloud.gateway.{{name()}}.>
      sub peer.cloud.*.beat
    registry {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub $JS.API.>
      pub $JS.*.API.CONSUMER.MSG.NEXT.AUDIT.cloud
      pub $JS.*.API.CONSUMER.RESET.AUDIT.cloud
      pub $JS.*.API.CONSUMER.MSG.NEXT.FLOW.cloud
      pub $JS.*.API.CONSUMER.RESET.FLOW.cloud
      pub $KV.documents.>
      pub $KV.compiled.>
      pub $KV.quotas.>
      pub $JS.FC.KV_documents.>
      pub $JS.FC.KV_compiled.>
      pub audit.*.cloud.registry.admin
      pub _INBOX.>
      sub control.>
      sub collect.>
      sub admin.>
      sub enroll.>
      sub _INBOX.cloud.registry.>
    admin {"subs":64,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub admin.{{tag(tenant)}}.{{name()}}.>
      sub _INBOX.admin.{{tag(tenant)}}.{{name()}}.>
    fabric-admin {"subs":64,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub admin.*.{{name()}}.>
      sub _INBOX.admin.any.{{name()}}.>
    enrolling {"subs":8,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"],"bearer_token":true}
      pub enroll.{{name()}}
      sub _INBOX.enroll.{{name()}}.>"
  `);
});

test('templates - ops, as in the claims', () => {
  expect(golden('ops')).toMatchInlineSnapshot(`
    "registry {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub $JS.API.>
      pub from.>
      pub discovery.>
      sub _INBOX.cloud.registry.>
    ops {"subs":64,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub _INBOX.ops.{{tag(tenant)}}.{{name()}}.>
      sub _INBOX.ops.{{tag(tenant)}}.{{name()}}.>
      sub discovery.{{tag(tenant)}}.>
    ops-all {"subs":64,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub _INBOX.ops.any.{{name()}}.>
      sub _INBOX.ops.any.{{name()}}.>
      sub discovery.>"
  `);
});

test('templates - site, as in the claims', () => {
  expect(golden('site')).toMatchInlineSnapshot(`
    "broker {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub $JS.API.>
      pub $KV.compiled.{{tag(site)}}.>
      sub _INBOX.{{tag(site)}}.broker.>
    gateway {"subs":-1,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub control.{{tag(site)}}.>
      pub audit.*.{{tag(site)}}.{{name()}}.>
      pub flow.{{tag(site)}}.>
      pub peer.{{tag(site)}}.{{name()}}.beat
      pub $JS.API.CONSUMER.MSG.NEXT.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.INFO.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.RESET.KV_compiled.{{name()}}
      pub $JS.API.CONSUMER.MSG.NEXT.AUDIT.{{name()}}
      pub $JS.API.CONSUMER.INFO.AUDIT.{{name()}}
      pub $JS.API.CONSUMER.RESET.AUDIT.{{name()}}
      pub $JS.API.DIRECT.GET.AUDIT.audit.*.{{tag(site)}}.{{name()}}.>
      pub $JS.API.DIRECT.GET.FLOW.flow.{{tag(site)}}.>
      sub _INBOX.{{tag(site)}}.gateway.{{name()}}.>
      sub peer.{{tag(site)}}.*.beat
    auditor {"subs":16,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD","WEBSOCKET"]}
      pub _INBOX.{{tag(site)}}.auditor.>
      sub _INBOX.{{tag(site)}}.auditor.>"
  `);
});

test('templates - system, as in the claims', () => {
  expect(golden('system')).toMatchInlineSnapshot(`
    "gateway {"subs":16,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub $SYS.REQ.CLAIMS.UPDATE
      pub $SYS.REQ.SERVER.*.RELOAD
      pub $SYS.REQ.SERVER.PING.STATSZ
      sub _INBOX.sys.>
    registry {"subs":64,"data":-1,"payload":-1,"allowed_connection_types":["STANDARD"]}
      pub $SYS.REQ.CLAIMS.UPDATE
      pub $SYS.REQ.CLAIMS.LIST
      pub $SYS.REQ.SERVER.*.KICK
      pub $SYS.REQ.SERVER.*.CONNZ
      pub $SYS.REQ.SERVER.*.LEAFZ
      pub $SYS.REQ.SERVER.PING.CONNZ
      pub $SYS.REQ.SERVER.PING.LEAFZ
      pub $SYS.REQ.SERVER.PING.JSZ
      pub $SYS.REQ.SERVER.PING.STATSZ
      sub _INBOX.sys.>
      sub $SYS.ACCOUNT.*.CONNECT
      sub $SYS.ACCOUNT.*.DISCONNECT
      sub $SYS.SERVER.*.CLIENT.AUTH.ERR"
  `);
});
