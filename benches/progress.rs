//! The cost of progress reports: the same sync with and without them, in pairs and in alternating order. Prints the
//! medians and the ratio.
//!
//! Arguments: the number of pairs (default 60) and of rows (default 100,000).

use std::error::Error;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep::domain::location::SourceLocation;
use lockstep::domain::operation::{Mode, OperationKind, RunPriority, StartOptions, StartRequest, Status};
use lockstep::domain::source::{Source, SourceDraft};
use lockstep::fetch::{KindSettings, SourceKinds};
use lockstep::status::{DatabaseStatus, FileStatus, StatusBoard, StatusStore};
use lockstep::store::admission::StartOutcome;
use lockstep::store::{DatabaseAddress, Store};
use lockstep::sync::{ShutdownSignal, SyncControl, SyncEngine, Timeouts};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// The wall time and the processor time of one sync.
#[derive(Clone, Copy)]
struct SyncCost {
    wall: Duration,
    cpu: Duration,
}

fn main() -> Outcome<()> {
    // `cargo bench` adds `--bench`.
    let numbers: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let pairs = numbers.first().copied().unwrap_or(60);
    let rows = numbers.get(1).copied().unwrap_or(100_000);

    let folder = tempfile::tempdir()?;
    let data = folder.path();
    let store = Store::open(&DatabaseAddress::Sqlite(data.join("lockstep.db")), 12, Timeouts::DEFAULT.lease)?;
    store.migrate()?;
    let source = &add_source(&store, data, rows)?;
    let usual = Timeouts { cooldown: Duration::ZERO, ..Timeouts::default() };
    let never = Timeouts { primary_interval: Duration::MAX, database_interval: Duration::MAX, ..usual };
    let with = build_control(&store, data, Box::new(FileStatus::new(data.join("status"))), usual);
    // With the database as primary status store the end is not published either, because it is in the row.
    let without = build_control(&store, data, Box::new(DatabaseStatus::new(store.clone())), never);

    // The first sync adds all items, and the second one warms up.
    run_sync(&store, &without, source)?;
    run_sync(&store, &with, source)?;
    let (mut with_reports, mut without_reports) = (Vec::new(), Vec::new());
    for pair in 0..pairs {
        // In alternating order, so that a change of speed affects both.
        if pair % 2 == 0 {
            with_reports.push(run_sync(&store, &with, source)?);
            without_reports.push(run_sync(&store, &without, source)?);
        } else {
            without_reports.push(run_sync(&store, &without, source)?);
            with_reports.push(run_sync(&store, &with, source)?);
        }
    }
    print_table(rows, &with_reports, &without_reports);
    Ok(())
}

/// Adds a source: a CSV file with `rows` generated albums.
fn add_source(store: &Store, data: &Path, rows: usize) -> Outcome<Source> {
    let mut text = String::from("id,artist,title,year,genre,label,country,format\n");
    for n in 1..=rows {
        let (artist, year, genre, label) = (n * 7919 % 20_000, 1950 + n % 75, n % 30, n % 3000);
        text.push_str(&format!(
            "k{n:07},Artist {artist},\"Title number {n}, of the long list\",{year},Genre {genre},Label {label},X,LP\n"
        ));
    }
    let file = data.join("rows.csv");
    fs::write(&file, text)?;
    let draft = SourceDraft {
        slug: "rows".parse()?,
        name: "Rows".to_owned(),
        noun: "album/albums".parse()?,
        kind: "csv".to_owned(),
        location: SourceLocation::File(file),
        key_column: "id".to_owned(),
        schedule: None,
        public: false,
        read_options: lockstep::domain::read_options::ReadOptions::default(),
        stale_after: None,
    };
    Ok(store.add_source(&draft, None)?)
}

fn build_control(store: &Store, data: &Path, primary: Box<dyn StatusStore>, limits: Timeouts) -> SyncControl {
    SyncControl::new(SyncEngine {
        status_board: Arc::new(StatusBoard::new(primary, store.clone(), limits.renewal_interval)),
        kinds: Arc::new(SourceKinds::built_in(KindSettings::in_data_dir(data, b""))),
        wake_signal: Arc::default(),
        store: store.clone(),
        timeouts: limits,
    })
}

/// Runs a full sync that rewrites every item unchanged, which is the same work each time; returns what it cost.
fn run_sync(store: &Store, control: &SyncControl, source: &Source) -> Outcome<SyncCost> {
    let request = StartRequest {
        kind: OperationKind::Sync,
        mode: Mode::Full,
        options: StartOptions { force_refresh: true, ..StartOptions::default() },
        priority: RunPriority::Manual,
        requested_by: "bench".to_owned(),
    };
    let (started, before) = (Instant::now(), read_cpu_time()?);
    let StartOutcome::Accepted(id) = control.start(source, &request)? else {
        return Err("the start was not accepted".into());
    };
    control.run_in_this_thread(id, &ShutdownSignal::default())?;
    let took = SyncCost { wall: started.elapsed(), cpu: read_cpu_time()? - before };
    match store.find_record(id)? {
        Some(record) if record.summary.status == Status::Completed => Ok(took),
        other => Err(format!("the sync did not complete: {other:?}").into()),
    }
}

/// The processor time of this process so far, including ended threads, in steps of 10 ms.
fn read_cpu_time() -> Outcome<Duration> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(") ").ok_or("/proc/self/stat has no fields")?.1.split(' ');
    let ticks = fields.skip(11).take(2).map(str::parse::<u64>).sum::<Result<u64, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

fn print_table(rows: usize, with: &[SyncCost], without: &[SyncCost]) {
    let wall = |took: &[SyncCost]| sort_values(took.iter().map(|took| millis(took.wall)));
    let cpu = |took: &[SyncCost]| took.iter().map(|took| millis(took.cpu)).sum::<f64>() / to_float(took.len());
    let ratios = sort_values(with.iter().zip(without).map(|(with, without)| millis(with.wall) / millis(without.wall)));
    println!("{} pairs of syncs of {rows} rows", with.len());
    println!("| {:<34} | {:>10} | {:>10} | {:>8} |", "", "with", "without", "ratio");
    println!("| {:<34} | {:>10} | {:>10} | {:>8} |", "---", "---:", "---:", "---:");
    let print_line = |what: &str, with: f64, without: f64, ratio: f64| {
        println!("| {what:<34} | {with:>7.1} ms | {without:>7.1} ms | {ratio:>8.4} |");
    };
    print_line("time, medians; ratio of the pairs", median(&wall(with)), median(&wall(without)), median(&ratios));
    print_line("processors, means", cpu(with), cpu(without), cpu(with) / cpu(without));
    // The 95 % confidence interval of the median, from the ranks around the middle.
    let rank_distance = 0.98 * to_float(ratios.len()).sqrt() / to_float(ratios.len());
    let (low, high) = (value_at_share(&ratios, 0.5 - rank_distance), value_at_share(&ratios, 0.5 + rank_distance));
    println!("95 % confidence interval of the ratio of the times: {low:.4} to {high:.4}.");
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

#[expect(clippy::cast_precision_loss, reason = "far fewer than 2^52")]
fn to_float(number: usize) -> f64 {
    number as f64
}

fn sort_values(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

fn median(sorted: &[f64]) -> f64 {
    value_at_share(sorted, 0.5)
}

/// The value at the position `share` of the sorted values: 0 is the first one, 1 the last one.
fn value_at_share(sorted: &[f64], share: f64) -> f64 {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place in the list")]
    let place = (share.clamp(0.0, 1.0) * to_float(sorted.len())) as usize;
    sorted.get(place.min(sorted.len().saturating_sub(1))).copied().unwrap_or(f64::NAN)
}
