# SPDX-License-Identifier: GPL-2.0-or-later
"""An HTTP server of this host for a guest: one content under any name."""
import http.server
import threading


class HttpServer:
    def __init__(self, data):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200)
                self.send_header('Content-Length', str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass
        self.server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        # As a guest behind the user network sees it.
        self.url = 'http://10.0.2.2:%d/program' % self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()
