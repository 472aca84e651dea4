# The one image of Causeway: a part of a fabric, or the command line, by what it is told to run.
#
#   node scripts/with-node24.mjs scripts/stage-containers.ts        lays out dist/containers
#   docker build --build-arg BASE=scratch -t causeway .
#
# Nothing is fetched or compiled here, and nothing of the base is used: programs, their shared libraries and the built
# packages are copied in, below /opt/causeway. So BASE may be any image, also scratch: take one with a shell to look
# around in, or the one that your organisation requires.
ARG BASE=scratch
FROM ${BASE}

COPY dist/containers/ /opt/causeway/

ENV CAUSEWAY_NATS_SERVER=/opt/causeway/bin/nats-server \
    NODE_ENV=production

# By number: scratch has no /etc/passwd. The same number as `--owner` of found-containers.ts.
USER 65532:65532

# Through the loader that came along, for the base may have none, or another.
ENTRYPOINT ["/opt/causeway/lib/ld.so", "--library-path", "/opt/causeway/lib", "/opt/causeway/bin/node", "--max-semi-space-size=2", "--enable-source-maps", "/opt/causeway/dist/node_modules/@causeway/cli/src/main.js"]
CMD ["--help"]
