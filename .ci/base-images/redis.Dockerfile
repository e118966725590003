# Stand-in for the official redis and valkey images, built from Debian's packages.
FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8
# Valkey's own image has these names too.
RUN for name in cli server; do [ -e /usr/bin/redis-$name ] || ln --symbolic valkey-$name /usr/bin/redis-$name; done
RUN install --directory --owner=999 --group=999 /data
WORKDIR /data
VOLUME /data
