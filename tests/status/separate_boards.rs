//! The pages and the engine of one server have separate boards.

use std::sync::Arc;

use lockstep::app::{App, KeyCreation};
use lockstep::config::{SettingFlags, Settings};
use lockstep::store::DatabaseAddress;

#[test]
fn pages_and_engine_have_separate_status_boards() {
    let data = tempfile::tempdir().expect("a folder");
    let (settings, _) = Settings::read(&SettingFlags::default());
    let database = DatabaseAddress::Sqlite(data.path().join("lockstep.db"));
    let app = App::open(Settings { database, data_dir: data.path().to_owned(), ..settings }, KeyCreation::IfMissing)
        .expect("a house");
    assert_eq!(Arc::strong_count(&app.board), 1, "the board of the pages is shared");
}
