//! One test binary for the whole house.
