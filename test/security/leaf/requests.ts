/** Requests to a JetStream that read, change or take from what is not the site's. */
export function jetStreamRequests(): { subject: string; body: string }[] {
  const consumer = (name: string, deliver: string) =>
    JSON.stringify({
      stream_name: 'KV_compiled',
      config: { durable_name: name, deliver_subject: deliver, ack_policy: 'none', deliver_policy: 'all' },
    });
  return [
    { subject: 'INFO', body: '' },
    { subject: 'STREAM.NAMES', body: '' },
    { subject: 'STREAM.LIST', body: '' },
    { subject: 'STREAM.INFO.AUDIT_cloud', body: '' },
    { subject: 'STREAM.CREATE.EVIL', body: JSON.stringify({ name: 'EVIL', subjects: ['control.>'] }) },
    { subject: 'STREAM.UPDATE.AUDIT_cloud', body: JSON.stringify({ name: 'AUDIT_cloud', max_msgs: 1 }) },
    { subject: 'STREAM.DELETE.AUDIT_cloud', body: '' },
    { subject: 'STREAM.PURGE.AUDIT_cloud', body: '' },
    { subject: 'STREAM.PURGE.FLOW_cloud', body: '' },
    { subject: 'STREAM.PURGE.KV_documents', body: '' },
    { subject: 'STREAM.MSG.GET.KV_compiled', body: JSON.stringify({ seq: 1 }) },
    { subject: 'STREAM.MSG.DELETE.AUDIT_cloud', body: JSON.stringify({ seq: 1 }) },
    { subject: 'DIRECT.GET.KV_compiled', body: JSON.stringify({ seq: 1 }) },
    { subject: 'DIRECT.GET.KV_compiled.$KV.compiled.edge-a.revision', body: '' },
    { subject: 'CONSUMER.NAMES.KV_compiled', body: '' },
    { subject: 'CONSUMER.CREATE.KV_compiled.evil', body: consumer('evil', 'collect.edge-b.evil') },
    { subject: 'CONSUMER.CREATE.KV_compiled.edge-b', body: consumer('edge-b', 'control.edge-a.receipt') },
    { subject: 'CONSUMER.DURABLE.CREATE.KV_compiled.evil', body: consumer('evil', 'collect.edge-b.evil') },
    { subject: 'CONSUMER.INFO.KV_compiled.gw-1', body: '' },
    { subject: 'CONSUMER.DELETE.KV_compiled.gw-1', body: '' },
    { subject: 'CONSUMER.RESET.KV_compiled.gw-1', body: '' },
    { subject: 'CONSUMER.RESET.KV_compiled.edge-b', body: '' },
    { subject: 'CONSUMER.RESET.AUDIT_cloud.cloud', body: '' },
    { subject: 'CONSUMER.MSG.NEXT.AUDIT_cloud.cloud', body: '' },
    { subject: 'CONSUMER.MSG.NEXT.AUDIT.cloud', body: '' },
    { subject: 'CONSUMER.RESET.AUDIT.cloud', body: '' },
    { subject: 'CONSUMER.MSG.NEXT.KV_compiled.gw-1', body: '' },
  ];
}
