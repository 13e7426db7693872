"""A server on the loopback that behaves badly on request; writes its port to the file named first, and, when a certificate and its key
are named behind it, that of one that speaks TLS."""
import gzip
import os
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CSV = b"a,b\n1,x\n2,y\n"
hits = {}
state = {"body": CSV}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        count = hits[path] = hits.get(path, 0) + 1
        if path == "/table.csv":
            etag = '"%d"' % hash(state["body"])
            if self.headers.get("If-None-Match") == etag:
                return self.answer(304, ETag=etag)
            return self.answer(200, state["body"], Content_Type="text/csv", ETag=etag)
        if path == "/change":
            state["body"] = b"a,b\n3,z\n"
            return self.answer(200, b"changed")
        if path == "/hits":
            return self.answer(200, str(hits.get("/" + self.path.split("?")[1], 0)).encode())
        if path == "/busy":
            return self.answer(503, b"later") if count < 3 else self.answer(200, CSV, Content_Type="text/csv")
        if path == "/many":
            return self.answer(429, b"", Retry_After="0") if count < 2 else self.answer(200, CSV)
        if path == "/never":
            return self.answer(503, b"no")
        if path == "/tomorrow":
            return self.answer(503, b"no", Retry_After="86400")
        if path == "/page.csv":
            return self.answer(200, b"<!DOCTYPE html><p>log in", Content_Type="text/html; charset=utf-8")
        if path == "/secret":
            if self.headers.get("Authorization") != "Bearer s3cr3t-t0ken":
                return self.answer(401, b"who?")
            return self.answer(200, CSV, Content_Type="text/csv")
        if path == "/moved":
            return self.answer(302, b"", Location="/table.csv")
        if path == "/rows":
            return self.answer(200, b'[{"a": 1, "b": {"c": "x"}}, {"a": 2, "b": {"c": "y"}}]', Content_Type="application/json")
        if path == "/lines":
            return self.answer(200, b'{"a": 1}\n{"a": 2}\n')
        if path == "/packed.csv.gz":
            return self.answer(200, gzip.compress(CSV), Content_Type="application/gzip")
        if path == "/large":
            return self.answer(200, b"a\n" + b"1\n" * 5000, Content_Type="text/csv")
        if path == "/drop":
            self.close_connection = True
            return self.connection.shutdown(2)
        if path == "/drip":
            self.send_response(200)
            self.send_header("Content-Length", "100000")
            self.end_headers()
            while True:
                self.wfile.write(b"a")
                time.sleep(0.02)
        if path == "/circle":
            return self.answer(302, b"", Location="/circle")
        if path == "/file":
            return self.answer(302, b"", Location="file:///etc/passwd")
        if path == "/away":
            return self.answer(302, b"", Location="http://127.0.0.1:%d/secret" % other.server_address[1])
        if path == "/broken":
            return self.answer(500, b"a,b\n1,2\n", Content_Type="text/csv")
        if path == "/short":
            self.close_connection = True
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            return self.wfile.write(CSV)
        if path == "/other":
            self.close_connection = True
            return self.wfile.write(b"220 mail.example.org ESMTP\r\n")
        if path == "/picture.csv":
            return self.answer(200, b"\x89PNG\r\n\x1a\n", Content_Type="image/png")
        if path == "/hang":
            self.rfile.read(1)  # until the client goes
            return None
        return self.answer(404, b"no such place")

    def log_message(self, *arguments):
        pass


def serve(certificate=None):
    made = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.daemon_threads = True
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        made.socket = context.wrap_socket(made.socket, server_side=True)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made


server, other = serve(), serve()
ports = [server] + ([serve(sys.argv[2:4])] if len(sys.argv) > 3 else [])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(" ".join(str(one.server_address[1]) for one in ports))
os.rename(sys.argv[1] + ".new", sys.argv[1])
while True:
    time.sleep(1000)
