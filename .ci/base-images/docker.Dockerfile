# Stand-in for docker:<version> and its -dind, built from Debian's packages: a client, and an engine for it without TLS.
# That engine keeps images as containerd does, which is what newer ones do unless they are told otherwise.
FROM scratch
ADD rootfs.tar /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin \
    DOCKER_HOST=tcp://docker:2375
COPY docker.json /etc/docker/daemon.json
VOLUME /var/lib/docker
