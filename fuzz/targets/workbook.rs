#![no_main]

libfuzzer_sys::fuzz_target!(
    // Reading catches panics of calamine. With the hook of libFuzzer they would end the run.
    init: std::panic::set_hook(Box::new(|_| ())),
    |bytes: &[u8]| lockstep_fuzz::check_parser("workbook", bytes)
);
