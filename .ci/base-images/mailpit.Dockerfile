# Stand-in for axllent/mailpit, a mailbox for development, made of Debian's Python.
FROM scratch
ADD rootfs.tar /
COPY mailpit.py /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
EXPOSE 1025 8025
CMD ["python3", "/mailpit.py"]
