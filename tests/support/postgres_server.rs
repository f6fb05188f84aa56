//! A PostgreSQL server for tests in a temporary folder. It can be stopped, killed and started again.

use std::fs::File;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use uuid::Uuid;

/// Ends the server when the process `$1` has ended; `$2` is the server's folder, `$3` the file that names the server.
const WATCHDOG_SCRIPT: &str = r#"
while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
read -r server < "$2/data/postmaster.pid" && kill -INT "$server"
for wait in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null || break; sleep 0.5; done
kill -QUIT "$server" 2>/dev/null
rm -rf "$2" "$3"
"#;

/// A server. A shell loop ends it when the process it was started for has ended, in whatever way.
pub(crate) struct PostgresServer {
    programs: PostgresPrograms,
    home: PathBuf,
    password: String,
    port: u16,
}

impl PostgresServer {
    /// Starts a server that lasts as long as the process `lasts`; the file `note` is deleted with it.
    pub(crate) fn start(lasts: u32, note: &Path) -> Self {
        let programs = PostgresPrograms::find();
        let home = tempfile::Builder::new().prefix("lockstep-postgres-").tempdir().expect("a folder").keep();
        std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).expect("a private folder");
        if let Some((user, group)) = programs.owner {
            chown(&home, Some(user), Some(group)).expect("a folder of the server's user");
        }
        let watchdog = Command::new("sh")
            .args(["-c", WATCHDOG_SCRIPT, "watchdog", &lasts.to_string()])
            .args([&home, note])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // In a process group of its own: the test may be ended together with its group.
            .process_group(0)
            .spawn();
        drop(watchdog.expect("a watchdog"));

        let password = Uuid::new_v4().simple().to_string();
        let mut server = Self { programs, home, password, port: 0 };
        server.make();
        server.port =
            (0..5).find_map(|_| server.launch(find_free_port()).ok()).unwrap_or_else(|| server.panic_with_log());
        server
    }

    /// The address, without a database.
    pub(crate) fn address(&self) -> String {
        format!("postgres://tests:{}@127.0.0.1:{}", self.password, self.port)
    }

    /// Stops the server in the mode `how`: `fast` ends all sessions, `immediate` is a crash.
    pub(crate) fn stop(&self, how: &str) {
        let mut pg_ctl = self.pg_ctl("stop");
        run_command(pg_ctl.arg("--mode").arg(how));
    }

    /// Starts the server again at its former port.
    pub(crate) fn start_again(&self) {
        self.launch(self.port).unwrap_or_else(|()| self.panic_with_log());
    }

    /// Stops all its processes (SIGSTOP): connections stay open, and nothing is answered.
    pub(crate) fn freeze(&self) {
        self.send_signal("STOP");
    }

    /// Continues its processes (SIGCONT).
    pub(crate) fn thaw(&self) {
        self.send_signal("CONT");
    }

    fn send_signal(&self, name: &str) {
        let script = r#"read -r server < "$1/postmaster.pid"; kill -$2 $server $(ps -o pid= --ppid $server)"#;
        run_command(Command::new("sh").args(["-c", script, "signal"]).arg(self.data()).arg(name));
    }

    fn make(&self) {
        let secret = self.home.join("password");
        std::fs::write(&secret, &self.password).expect("a password file");
        let mut initdb = self.programs.command("initdb", &self.home);
        initdb.args(["--username=tests", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
        initdb.arg("--pwfile").arg(&secret).arg("--pgdata").arg(self.data());
        run_command(&mut initdb);
        // The data is needed for this run alone, so nothing has to reach the disk.
        let settings = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 400\n\
                        fsync = off\nfull_page_writes = off\nautovacuum = off\nshared_buffers = 64MB\n";
        let mut file = File::options().append(true).open(self.data().join("postgresql.conf")).expect("the settings");
        file.write_all(settings.as_bytes()).expect("the settings");
    }

    fn launch(&self, port: u16) -> Result<u16, ()> {
        let mut pg_ctl = self.pg_ctl("start");
        pg_ctl.arg("--log").arg(self.home.join("log")).arg("--options").arg(format!("-p {port}"));
        let status = pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        // Another process may have taken the port in the meantime.
        if status.expect("pg_ctl").success() { Ok(port) } else { Err(()) }
    }

    fn pg_ctl(&self, what: &str) -> Command {
        let mut pg_ctl = self.programs.command("pg_ctl", &self.home);
        pg_ctl.arg(what).arg("--wait").arg("--pgdata").arg(self.data());
        pg_ctl
    }

    fn data(&self) -> PathBuf {
        self.home.join("data")
    }

    fn panic_with_log(&self) -> ! {
        panic!("PostgreSQL does not start: {}", std::fs::read_to_string(self.home.join("log")).unwrap_or_default());
    }
}

fn find_free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port()
}

/// The server's programs, and the user who may run them.
struct PostgresPrograms {
    folder: PathBuf,
    /// The user and group of the server if the tests run as root, because PostgreSQL does not run as root.
    owner: Option<(u32, u32)>,
}

impl PostgresPrograms {
    fn find() -> Self {
        let newest = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|folder| folder.join("bin/initdb").exists() && folder.join("bin/postgres").exists())
            .max_by_key(|folder| folder.file_name().and_then(|name| name.to_str()?.parse::<u32>().ok()));
        let folder = newest.expect(
            "these tests start a PostgreSQL server and there is none in /usr/lib/postgresql: `make test` installs it",
        );
        let root = query_id("-u", None) == 0;
        let owner = root.then(|| (query_id("-u", Some("postgres")), query_id("-g", Some("postgres"))));
        Self { folder: folder.join("bin"), owner }
    }

    fn command(&self, program: &str, home: &Path) -> Command {
        let mut command = Command::new(self.folder.join(program));
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command.current_dir(home).env("LC_ALL", "C");
        command
    }
}

/// The output of `id` for a user, or for this process.
fn query_id(what: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(what).args(user).output().expect("id runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().expect("the user `postgres`, whom `make test` installs with the server")
}

fn run_command(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("a program of PostgreSQL");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
