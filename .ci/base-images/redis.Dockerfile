# Stand-in for the official redis and valkey images, built from Debian's packages.
FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    LANG=C.UTF-8
RUN install --directory --owner=999 --group=999 /data
WORKDIR /data
VOLUME /data
