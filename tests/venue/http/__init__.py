"""The transport against scripted sockets."""
