//! Reports 1, 2, 4, 8 to 11, 14 and 15: quotes, encodings, separators, headers and counts.
