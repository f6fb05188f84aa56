//! A real Redis for one test: on a free port, with a password, killed when the test ends.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::waiting::WAIT_LIMIT;

/// Its password, which must not appear anywhere.
pub(crate) const PASSWORD: &str = "s3cret-of-redis";

/// A Redis that keeps nothing on disk.
pub(crate) struct RedisServer {
    child: Child,
    port: u16,
    settings: Vec<&'static str>,
    folder: TempDir,
}

impl RedisServer {
    pub(crate) fn start() -> Self {
        Self::with_settings(&[])
    }

    /// One with settings of its own, as `redis-server` takes them.
    pub(crate) fn with_settings(settings: &[&'static str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        for _ in 0..5 {
            let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
            // Another process may have taken the port in the meantime.
            if let Some(child) = launch_redis(port, settings, &folder) {
                return Self { child, port, settings: settings.to_vec(), folder };
            }
        }
        panic!("Redis does not start");
    }

    /// Its address, with the password in it.
    pub(crate) fn url(&self) -> String {
        format!("redis://:{PASSWORD}@127.0.0.1:{}/", self.port)
    }

    /// Kills the process; everything it stored is lost.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("a signal");
        self.child.wait().expect("it ends");
    }

    /// Starts a killed Redis again at its former port, empty.
    pub(crate) fn start_again(&mut self) {
        self.child = launch_redis(self.port, &self.settings, &self.folder).expect("Redis starts again");
    }

    /// Stops the process (SIGSTOP): the system still accepts connections, and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.send_signal("STOP");
    }

    /// Continues the process (SIGCONT).
    pub(crate) fn thaw(&self) {
        self.send_signal("CONT");
    }

    fn send_signal(&self, name: &str) {
        let sent = Command::new("sh").args(["-c", &format!("kill -{name} {}", self.child.id())]).status();
        assert!(sent.expect("a shell").success(), "{name} was not sent");
    }

    /// Runs a command on a connection of its own.
    pub(crate) fn run_command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut command = redis::cmd(words[0]);
        command.arg(&words[1..]);
        command.query(&mut connect_redis(self.port).expect("a connection")).expect("an answer")
    }
}

fn connect_redis(port: u16) -> redis::RedisResult<redis::Connection> {
    redis::Client::open(format!("redis://:{PASSWORD}@127.0.0.1:{port}/"))?.get_connection_with_timeout(WAIT_LIMIT)
}

fn launch_redis(port: u16, settings: &[&str], folder: &TempDir) -> Option<Child> {
    let mut child = Command::new("redis-server")
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--requirepass", PASSWORD])
        .args(["--save", "", "--appendonly", "no"])
        .arg("--dir")
        .arg(folder.path())
        .args(settings)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("these tests start a Redis, and there is no redis-server: `make test` installs it");
    let started = Instant::now();
    while child.try_wait().expect("a process of ours").is_none() {
        // An answer is not enough: another Redis at this port would have another password.
        if connect_redis(port).is_ok_and(|mut it| redis::cmd("PING").query::<String>(&mut it).is_ok()) {
            return Some(child);
        }
        assert!(started.elapsed() < WAIT_LIMIT, "Redis does not answer");
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // This also ends a stopped process. It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
