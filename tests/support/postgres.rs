//! A real PostgreSQL, started by the first test that asks for it and shared by all tests of a run.
//!
//! Under `cargo nextest` every test is a process of its own, under `cargo test` all are threads of one. A locked file
//! named after the run lets the first comer start the server and the others find it. A small shell loop stops the
//! server when the run is over, however it ended, and clears its folder away.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use diesel::connection::SimpleConnection;
use diesel::{Connection, PgConnection};
use lockstep::store::{DatabaseAddress, Store};
use uuid::Uuid;

/// The database that is migrated once and copied for each test.
const TEMPLATE: &str = "migrated";

/// Ends the server when the process `$1` is gone; `$2` is the server's folder, `$3` the file that tells of it.
const WATCHDOG: &str = r#"
while kill -0 "$1" 2>/dev/null; do sleep 0.5; done
read -r server < "$2/data/postmaster.pid" && kill -INT "$server"
for wait in 1 2 3 4 5 6 7 8 9 10; do kill -0 "$server" 2>/dev/null || break; sleep 0.5; done
kill -QUIT "$server" 2>/dev/null
rm -rf "$2" "$3"
"#;

/// A fresh, migrated database on that server; it is dropped at the end.
pub(crate) struct PostgresDatabase {
    name: String,
    url: String,
}

impl PostgresDatabase {
    pub(crate) fn create() -> Self {
        Self::copy_of(TEMPLATE)
    }

    /// One that is not migrated.
    pub(crate) fn create_empty() -> Self {
        Self::copy_of("template0")
    }

    fn copy_of(template: &str) -> Self {
        let name = format!("test_{}", Uuid::new_v4().simple());
        maintain(&format!("CREATE DATABASE {name} TEMPLATE {template}"));
        Self { url: format!("{}/{name}", server()), name }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PostgresDatabase {
    fn drop(&mut self) {
        maintain(&format!("DROP DATABASE {} WITH (FORCE)", self.name));
    }
}

/// Runs a statement outside the tests' databases.
fn maintain(sql: &str) {
    let url = format!("{}/postgres", server());
    let mut conn = PgConnection::establish(&url).expect("a connection to the test server");
    conn.batch_execute(sql).expect("a database made or dropped");
}

/// The address of the server, without a database.
fn server() -> &'static str {
    static SERVER: OnceLock<String> = OnceLock::new();
    SERVER.get_or_init(|| {
        // Below nextest, whose process is our parent, the run lasts as long as it does; otherwise as long as we do.
        let (run, lasts) = match std::env::var("NEXTEST_RUN_ID") {
            Ok(run) => (run, std::os::unix::process::parent_id()),
            Err(_) => (format!("process-{}", std::process::id()), std::process::id()),
        };
        let note = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("postgres-{run}"));
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&note).expect("a note");
        file.lock().expect("the note's lock");
        let mut address = String::new();
        file.read_to_string(&mut address).expect("the note");
        if address.is_empty() {
            address = start(lasts, &note);
            file.seek(SeekFrom::Start(0)).expect("the note");
            file.write_all(address.as_bytes()).expect("the note");
        }
        address
    })
}

/// Starts the server for as long as the process `lasts`, and makes the template.
fn start(lasts: u32, note: &Path) -> String {
    let programs = Programs::find();
    let home = tempfile::Builder::new().prefix("lockstep-postgres-").tempdir().expect("a folder").keep();
    std::fs::set_permissions(&home, PermissionsExt::from_mode(0o700)).expect("a private folder");
    if let Some((user, group)) = programs.owner {
        chown(&home, Some(user), Some(group)).expect("a folder of the server's user");
    }
    let watchdog = Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog", &lasts.to_string()])
        .args([&home, note])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Not in the group of the test that started it: that one may be ended with its group.
        .process_group(0)
        .spawn();
    drop(watchdog.expect("a watchdog"));

    let password = Uuid::new_v4().simple().to_string();
    let secret = home.join("password");
    std::fs::write(&secret, &password).expect("a password file");
    let data = home.join("data");
    let mut initdb = programs.command("initdb", &home);
    initdb.args(["--username=tests", "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale", "--no-sync"]);
    initdb.arg("--pwfile").arg(&secret).arg("--pgdata").arg(&data);
    run(&mut initdb);
    // Nothing of this is to outlive the run, so nothing has to reach the disk.
    let settings = "listen_addresses = '127.0.0.1'\nunix_socket_directories = ''\nmax_connections = 400\n\
                    fsync = off\nfull_page_writes = off\nautovacuum = off\nshared_buffers = 64MB\n";
    let mut file = File::options().append(true).open(data.join("postgresql.conf")).expect("the settings");
    file.write_all(settings.as_bytes()).expect("the settings");

    let mut attempts = 0;
    let port = loop {
        let port = TcpListener::bind(("127.0.0.1", 0)).and_then(|free| free.local_addr()).expect("a port").port();
        let mut pg_ctl = programs.command("pg_ctl", &home);
        pg_ctl.arg("start").arg("--wait").arg("--pgdata").arg(&data);
        pg_ctl.arg("--log").arg(home.join("log")).arg("--options").arg(format!("-p {port}"));
        attempts += 1;
        match pg_ctl.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status() {
            Ok(status) if status.success() => break port,
            // Somebody else may have got the port in the meantime.
            _ if attempts < 5 => {}
            other => {
                let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
                panic!("PostgreSQL does not start ({other:?}): {log}");
            }
        }
    };
    let address = format!("postgres://tests:{password}@127.0.0.1:{port}");
    let maintenance = format!("{address}/postgres");
    let mut conn = PgConnection::establish(&maintenance).expect("a connection to the test server");
    conn.batch_execute(&format!("CREATE DATABASE {TEMPLATE}")).expect("a template");
    let template = DatabaseAddress::Postgres(format!("{address}/{TEMPLATE}"));
    let store = Store::open(&template, 1, Duration::from_secs(15)).expect("the template");
    store.migrate().expect("a migrated template");
    address
}

/// The server's programs, and who may run them.
struct Programs {
    folder: PathBuf,
    /// The user and group of the server, where the tests run as root: PostgreSQL refuses to.
    owner: Option<(u32, u32)>,
}

impl Programs {
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
        let root = number_of("-u", None) == 0;
        let owner = root.then(|| (number_of("-u", Some("postgres")), number_of("-g", Some("postgres"))));
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

/// What `id` says of a user, or of us.
fn number_of(what: &str, user: Option<&str>) -> u32 {
    let output = Command::new("id").arg(what).args(user).output().expect("id runs");
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().expect("the user `postgres`, whom `make test` installs with the server")
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().expect("a program of PostgreSQL");
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}
