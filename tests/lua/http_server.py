"""A server on the loopback that behaves badly on request; writes its port to the file named first."""
import gzip
import sys
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
        if path == "/hang":
            self.rfile.read(1)  # until the client goes
            return None
        return self.answer(404, b"no such place")

    def log_message(self, *arguments):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
with open(sys.argv[1] + ".new", "w") as file:
    file.write(str(server.server_address[1]))
import os
os.rename(sys.argv[1] + ".new", sys.argv[1])
server.serve_forever()
