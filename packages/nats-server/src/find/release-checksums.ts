/**
 * SHA-256 of the archives of the pinned nats-server release, by archive name
 * (`nats-server-v2.15.2-linux-amd64.tar.gz`).
 *
 * A checksum belongs here only when someone has compared it with a second source (the image definitions in
 * nats-io/nats-docker list the Linux ones, the Scoop bucket the Windows one): the SHA256SUMS file beside the
 * archive says no more than that both came from the same place, so it is never read at run time.
 *
 * For v2.15.2 no checksum has been compared yet, so the table is empty and every platform goes on to `go install`,
 * whose module is verified by Go's own checksum database. Adding a line is all it takes to turn the download on.
 */
export const RELEASE_CHECKSUMS: Readonly<Record<string, string>> = {};
