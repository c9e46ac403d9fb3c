"""The embedded sample: invented posts (`posts.jsonl`) and the examples made of them."""
