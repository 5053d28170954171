"""What production needs beside the shop's own code: web server, proxy, database role, health checks."""
