"""nginx before the console: HTTPS only, WebSockets, and the console's own headers on what nginx says itself."""

from cloud.console import HEADERS, OVER_TLS

_HEADERS = {**HEADERS, **OVER_TLS}
_AWAY = (
    '<!doctype html><html lang="vi"><head><meta charset="utf-8"><title>Haidang</title></head><body><h1>Haidang</h1>'
    '<p lang="vi">Dịch vụ đang khởi động lại.</p><p lang="en">The service is starting again.</p></body></html>'
)


def configuration(host: str, cloud: str, https: str, http: str, public_port: int) -> str:
    """nginx.conf. `cloud`, `https` and `http` are addresses; people reach `host` on `public_port`.

    Every path in it is relative to the folder that is nginx's prefix.
    """
    port = "" if public_port == 443 else f":{public_port}"
    own = "\n".join(f'    add_header {name} "{value}" always;' for name, value in _HEADERS.items())
    theirs = "\n".join(f"      proxy_hide_header {name};" for name in _HEADERS)  # ours are on every answer, and once
    return f"""\
worker_processes auto;
pid run/nginx.pid;
error_log stderr warn;
events {{
  worker_connections 4096;
}}
http {{
  access_log off;  # who did what stands in the audit log
  server_tokens off;
  client_max_body_size 1m;
  client_body_temp_path run/body;
  proxy_temp_path run/proxy;
  fastcgi_temp_path run/fastcgi;
  uwsgi_temp_path run/uwsgi;
  scgi_temp_path run/scgi;
  map $http_upgrade $connection_upgrade {{
    default upgrade;
    "" "";
  }}
  upstream cloud {{
    server {cloud};
    keepalive 16;
  }}
  server {{
    listen {http};
    server_name _;
    location = /alive {{
      return 204;
    }}
    location / {{
      return 301 https://{host}{port}$request_uri;
    }}
  }}
  server {{
    listen {https} ssl;
    server_name {host};
    ssl_certificate console.crt;
    ssl_certificate_key console.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:2m;
    ssl_session_tickets off;
{own}
    location / {{
      proxy_pass http://cloud;
{theirs}
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Forwarded-For $remote_addr;  # not what the browser says of itself
      proxy_set_header X-Forwarded-Proto https;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
      proxy_read_timeout 90s;
      error_page 502 504 = @away;
    }}
    location @away {{
{own}
      add_header Retry-After "5" always;
      default_type text/html;
      return 503 '{_AWAY}';
    }}
  }}
}}
"""
