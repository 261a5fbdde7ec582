"""Benchmarks: `./run bench NAME`. They print a table and write bench/results/NAME.json."""
