"""Stand-in for Mailpit: takes e-mails by SMTP on port 1025, and tells the last one on port 8025, as its API does."""

import email
import json
from email import policy
from http.server import BaseHTTPRequestHandler, HTTPServer

from aiosmtpd.controller import Controller

messages = []


class Mailbox:
    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name for it
        messages.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=policy.default)))
        return "250 OK"


class Api(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path != "/api/v1/message/latest" or not messages:
            return self.send_error(404)
        recipients, message = messages[-1]
        to = [{"Name": "", "Address": address} for address in recipients]
        body = {"Subject": message["Subject"], "To": to, "Text": message.get_body().get_content()}
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        return self.wfile.write(json.dumps(body).encode())


Controller(Mailbox(), hostname="0.0.0.0", port=1025).start()
HTTPServer(("0.0.0.0", 8025), Api).serve_forever()
