//! Reports 16 to 19: links that show a part of a sheet, published sheets, and a busy Google.
