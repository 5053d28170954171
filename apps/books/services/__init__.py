"""What writes the books, a module for each noun: call them as ``fetching.fetch(...)``.

fetching (WeChat's bills), cases (what differs, and what became of it).
"""
