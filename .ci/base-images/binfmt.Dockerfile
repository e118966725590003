# Stand-in for tonistiigi/binfmt, which has the kernel run programs for arm64: with QEMU from Debian's packages.
FROM scratch AS everything
ADD rootfs.tar /
RUN find /usr/bin -name 'qemu-*' ! -name qemu-aarch64 -delete

FROM scratch
COPY --from=everything / /
COPY --chmod=755 binfmt.sh /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
ENTRYPOINT ["/binfmt.sh"]
