//! Reports 21 to 32: what servers answer, and what feeds and reader accounts bring.
