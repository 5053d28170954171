"""Tests of distribution: promoters, whom they brought, what they earn by it."""
