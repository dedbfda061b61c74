"""Everything that the store holds, written down as files of one moment: to load back, and to read elsewhere.

A snapshot is refused at this level where its folder holds something already; nothing is ever overwritten.
"""
