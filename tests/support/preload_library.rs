//! Small libraries that replace functions of the C library in a server (`LD_PRELOAD`), compiled when a test needs them.
//! A fault is switched by a file, so that it can begin and end while the server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Fails every `fsync` and `fdatasync` with EIO while the file that `TEST_FSYNC_FAULT` names exists.
pub(crate) const FAILING_FSYNC: &str = r#"
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
static int sync_or_fail(const char *name, int fd) {
    const char *fault = getenv("TEST_FSYNC_FAULT");
    if (fault && access(fault, F_OK) == 0) { errno = EIO; return -1; }
    return ((int (*)(int)) dlsym(RTLD_NEXT, name))(fd);
}
int fsync(int fd) { return sync_or_fail("fsync", fd); }
int fdatasync(int fd) { return sync_or_fail("fdatasync", fd); }
"#;

/// Moves the clock of the machine, as everything but a steady clock shows it, by the seconds in the file that
/// `TEST_CLOCK_OFFSET` names.
pub(crate) const MOVED_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) {
    const char *path = getenv("TEST_CLOCK_OFFSET");
    char text[32];
    int file = path ? (int) syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return 0;
    long length = syscall(SYS_read, file, text, sizeof text - 1);
    syscall(SYS_close, file);
    text[length > 0 ? length : 0] = 0;
    return strtol(text, 0, 10);
}
int clock_gettime(clockid_t clock, struct timespec *now) {
    int result = (int) syscall(SYS_clock_gettime, clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) now->tv_sec += offset();
    return result;
}
int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec precise;
    (void) zone;
    clock_gettime(CLOCK_REALTIME, &precise);
    now->tv_sec = precise.tv_sec;
    now->tv_usec = precise.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
"#;

/// Compiles a library into `folder` and returns its path.
pub(crate) fn compile_library(folder: &Path, code: &str) -> PathBuf {
    let (source, library) = (folder.join("preload.c"), folder.join("preload.so"));
    fs::write(&source, code).expect("the code");
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-O1", "-o"]).arg(&library).arg(&source).arg("-ldl");
    let result = compiler.output().expect("a C compiler, which the build needs, too");
    assert!(result.status.success(), "{}", String::from_utf8_lossy(&result.stderr));
    library
}
