//! Pages and engine of one server have a board each.

use std::sync::Arc;

use lockstep::app::App;
use lockstep::config::{SettingFlags, Settings};
use lockstep::store::DatabaseAddress;

#[test]
fn the_board_of_the_pages_is_not_that_of_the_engine() {
    let data = tempfile::tempdir().expect("a folder");
    let (settings, _) = Settings::read(&SettingFlags::default());
    let database = DatabaseAddress::Sqlite(data.path().join("lockstep.db"));
    let app = App::open(Settings { database, data_dir: data.path().to_owned(), ..settings }).expect("a house");
    assert_eq!(Arc::strong_count(&app.board), 1, "somebody beside the pages holds their board");
}
