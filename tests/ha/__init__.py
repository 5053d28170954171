"""Trials beyond one machine, on engines that exist: `make ha` (docs/guide/beyond-one-machine.md)."""

TRIALS = {
    "stateless": "two web servers and two workers behind nginx, one of each killed under load",
    "pooled": "the races through PgBouncer in transaction mode",
    "replica": "a streaming replica that lags, and members who read what they just wrote",
    "failover": "Patroni promotes a synchronous standby while orders come",
    "sentinel": "Sentinel promotes a replica of Valkey while orders come",
    "media": "pictures, proofs and share codes on an S3-compatible server",
}
