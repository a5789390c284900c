# syntax=docker/dockerfile:1
# Build:  docker build -t neptun-auth .
# Run:    docker run -p 8080:8080 -v neptun-auth:/data neptun-auth

# The builder and the runtime are the same Debian, so that the binary finds the glibc that it was linked with.
FROM rust:1-bookworm AS build
WORKDIR /src
COPY . .
# Dependencies stay compiled in the caches. Our own crate is touched first: Cargo judges by file times, and where the
# sources' times are older than the last build's, it would ship that build again.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target,sharing=locked \
    touch src/lib.rs src/main.rs \
 && cargo build --release --locked --bin neptun-auth \
 && cp target/release/neptun-auth /usr/local/bin/neptun-auth

# Nothing is installed: SQLite is part of the binary, and so are the root certificates for PostgreSQL over TLS.
FROM debian:bookworm-slim
# A new named volume copies the owner and the mode of the directory that it covers.
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin neptun-auth \
 && install --directory --owner=neptun-auth --group=neptun-auth --mode=0700 /data
# The list of common passwords is inside the binary; its licence asks for the notice beside it.
COPY LICENSE-MIT LICENSE-APACHE src/model/user/common_passwords.LICENSE /usr/share/doc/neptun-auth/
COPY --from=build /usr/local/bin/neptun-auth /usr/local/bin/neptun-auth

# By number, because an orchestrator that insists on "not root" cannot look a name up.
USER 10001:10001
# The plain names, because they are the weaker ones: whichever of the two a platform sets, it replaces these.
ENV DATABASE_URL=sqlite:/data/neptun-auth.db \
    PORT=8080
VOLUME /data
EXPOSE 8080

# Requests in flight get up to 10 s to finish, which is all that Docker waits: `docker stop -t 15` leaves a margin.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD ["neptun-auth", "health"]
ENTRYPOINT ["neptun-auth"]
