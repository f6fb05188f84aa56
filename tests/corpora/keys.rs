//! Reports 3, 5, 7, 12 and 13: one form for keys and headers, and rows that hold nothing.
