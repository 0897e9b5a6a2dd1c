"""The site that foreign clients are pointed at, and what they must get."""
SITE = """
workers: 2
listen: [ "coap://[::]:0" ]
resources:
  /hello: {module: hello, link: {title: Hello, rt: greeting, ct: "0"}}
  /slow: {module: separate, delay: 100ms}
transmission: { ack-delay: 10ms }
"""
HOSTS = ("::1", "127.0.0.1")
PATHS = ("/hello", "/.well-known/core", "/slow")


def wanted(d, host, path):
    """The payload that the harness itself gets."""
    with d.peer(host) as p:
        return p.get(path).payload.decode()
