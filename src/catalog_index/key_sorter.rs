//! Sorts many keys within a memory budget: sorted runs go to a temporary file and are merged.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The size of the keys that are sorted in memory at a time, in bytes.
const MAX_RUN_BYTES: usize = 8 << 20;

/// Keys of items, to be sorted.
pub(super) struct KeySorter {
    folder: PathBuf,
    max_run_bytes: usize,
    bytes: Vec<u8>,
    /// The item, and where its key is among `bytes`.
    keys: Vec<(u32, usize, usize)>,
    runs: Vec<File>,
}

impl KeySorter {
    /// Creates an empty sorter with temporary files in this folder.
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            max_run_bytes: MAX_RUN_BYTES,
            bytes: Vec::new(),
            keys: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// Adds the key of an item. Keys are compared byte by byte.
    ///
    /// # Errors
    /// [`io::Error`] when a temporary file cannot be written.
    pub(super) fn add_key(&mut self, item: u32, key: &[u8]) -> io::Result<()> {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.keys.push((item, start, self.bytes.len()));
        if self.bytes.len() + self.keys.len() * size_of::<(u32, usize, usize)>() >= self.max_run_bytes {
            self.write_run()?;
        }
        Ok(())
    }

    fn sort_keys(&mut self) {
        let bytes = &self.bytes;
        self.keys.sort_unstable_by(|a, b| bytes[a.1..a.2].cmp(&bytes[b.1..b.2]).then(a.0.cmp(&b.0)));
    }

    fn write_run(&mut self) -> io::Result<()> {
        self.sort_keys();
        let mut run = BufWriter::new(tempfile::tempfile_in(&self.folder)?);
        for &(item, start, end) in &self.keys {
            run.write_all(&item.to_le_bytes())?;
            run.write_all(&u32::try_from(end - start).map_err(io::Error::other)?.to_le_bytes())?;
            run.write_all(&self.bytes[start..end])?;
        }
        let mut file = run.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.seek(SeekFrom::Start(0))?;
        self.runs.push(file);
        self.keys.clear();
        self.bytes.clear();
        Ok(())
    }

    /// Calls `visit` with each item in the order of the keys, and whether its key is the same as that of the item
    /// before. Items with equal keys come in the order of their numbers.
    ///
    /// # Errors
    /// [`io::Error`] when a temporary file cannot be written or read.
    pub(super) fn visit_sorted(mut self, mut visit: impl FnMut(u32, bool)) -> io::Result<()> {
        if self.runs.is_empty() {
            self.sort_keys();
            let mut last: Option<&[u8]> = None;
            for &(item, start, end) in &self.keys {
                let key = &self.bytes[start..end];
                visit(item, last == Some(key));
                last = Some(key);
            }
            return Ok(());
        }
        self.write_run()?;
        let mut runs: Vec<RunReader> = self.runs.drain(..).map(RunReader::new).collect();
        let mut heads = BinaryHeap::new();
        for (number, run) in runs.iter_mut().enumerate() {
            heads.extend(run.next_key()?.map(|(key, item)| Reverse((key, item, number))));
        }
        let mut last: Option<Vec<u8>> = None;
        while let Some(Reverse((key, item, number))) = heads.pop() {
            visit(item, last.as_ref() == Some(&key));
            last = Some(key);
            heads.extend(runs[number].next_key()?.map(|(key, item)| Reverse((key, item, number))));
        }
        Ok(())
    }
}

/// Reads a sorted run.
struct RunReader(BufReader<File>);

impl RunReader {
    fn new(file: File) -> Self {
        Self(BufReader::with_capacity(64 << 10, file))
    }

    fn next_key(&mut self) -> io::Result<Option<(Vec<u8>, u32)>> {
        let mut item = [0; 4];
        match self.0.read_exact(&mut item) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            result => result?,
        }
        let mut length = [0; 4];
        self.0.read_exact(&mut length)?;
        let mut key = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut key)?;
        Ok(Some((key, u32::from_le_bytes(item))))
    }
}

#[cfg(test)]
mod tests {
    use super::KeySorter;

    #[test]
    fn keys_are_sorted_the_same_in_memory_and_in_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let keys: Vec<String> = (0..1000).map(|at| format!("{}", (at * 7919) % 331)).collect();
        let mut expected: Vec<(&String, u32)> = keys.iter().zip(0..).collect();
        expected.sort();
        for max_run_bytes in [usize::MAX, 2000, 1] {
            let mut sorter = KeySorter { max_run_bytes, ..KeySorter::new(folder.path()) };
            for (item, key) in (0..).zip(&keys) {
                sorter.add_key(item, key.as_bytes()).expect("added");
            }
            let mut found = Vec::new();
            sorter.visit_sorted(|item, is_equal| found.push((item, is_equal))).expect("sorted");
            let items: Vec<u32> = found.iter().map(|(item, _)| *item).collect();
            assert_eq!(items, expected.iter().map(|(_, item)| *item).collect::<Vec<_>>(), "{max_run_bytes}");
            assert_eq!(found.iter().filter(|(_, is_equal)| !is_equal).count(), 331);
        }
    }
}
