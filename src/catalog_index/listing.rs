//! The items that a query selects, in its order: those of the base segment and those that changed since, merged where
//! they are read.

use std::cmp::Ordering;
use std::io;

use super::cursor::ListCursor;
use super::indexed_segment::IndexedSegment;
use crate::domain::catalog_query::sort_column::SortColumn;
use crate::domain::columns::column_type::ColumnType;
use crate::domain::columns::sorting::{SortKey, sort_key};

/// The items that a query selects, in the order of each segment.
#[derive(Debug, Default)]
pub(super) struct ItemListing {
    pub(super) base: Vec<u32>,
    pub(super) recent: Vec<u32>,
}

/// What is needed to compare items of two segments.
#[derive(Clone, Copy)]
pub(super) struct ListingOrder<'a> {
    pub(super) base: &'a IndexedSegment,
    pub(super) recent: &'a IndexedSegment,
    /// The columns with their types.
    pub(super) sort: &'a [(SortColumn, ColumnType)],
}

/// A character that comes after all texts with the same beginning.
const LAST_CHARACTER: &str = "\u{10FFFF}";

/// The place of an item in an order: its keys, and its id.
type PlaceKey = (Vec<Option<SortKey>>, i64);

impl ItemListing {
    /// Returns the number of items.
    pub(super) fn len(&self) -> usize {
        self.base.len() + self.recent.len()
    }

    /// Returns the ids of up to `limit` items without the first `offset`.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn ids(&self, order: ListingOrder<'_>, offset: usize, limit: usize) -> io::Result<Vec<i64>> {
        let end = offset.saturating_add(limit).min(self.len());
        if offset >= end {
            return Ok(Vec::new());
        }
        let (base_start, recent_start) = self.split_at(order, offset)?;
        let (base_end, recent_end) = self.split_at(order, end)?;
        let base = &self.base[base_start..base_end];
        let recent = &self.recent[recent_start..recent_end];
        let mut ids = Vec::with_capacity(end - offset);
        let mut waiting = recent.iter().copied().peekable();
        for &item in base {
            if waiting.peek().is_some() {
                let place = order.place(order.base, item)?;
                while let Some(&other) = waiting.peek() {
                    let other_place = order.place(order.recent, other)?;
                    if order.compare(&other_place, &place) == Ordering::Greater {
                        break;
                    }
                    ids.push(other_place.1);
                    waiting.next();
                }
                ids.push(place.1);
            } else {
                ids.push(order.base.segment.id(item as usize)?);
            }
        }
        for item in waiting {
            ids.push(order.recent.segment.id(item as usize)?);
        }
        Ok(ids)
    }

    /// Returns the id of the item at this position, and its cells in the columns of the order.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn place_at(&self, order: ListingOrder<'_>, at: usize) -> io::Result<Option<(i64, Vec<String>)>> {
        if at >= self.len() {
            return Ok(None);
        }
        let (before, _) = self.split_at(order, at)?;
        let (until, recent) = self.split_at(order, at + 1)?;
        let (segment, item) =
            if until > before { (order.base, self.base[until - 1]) } else { (order.recent, self.recent[recent - 1]) };
        let cells = order.cells(segment, item)?;
        Ok(Some((segment.segment.id(item as usize)?, cells)))
    }

    /// Returns the position of an item in the list; `None` if it is not selected.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn find_position(&self, order: ListingOrder<'_>, id: i64) -> io::Result<Option<usize>> {
        Ok(self.find_item(order, id)?.map(|(position, _)| position))
    }

    /// The position of an item in the list, and its cells in the columns of the order; `None` if it is not selected.
    fn find_item(&self, order: ListingOrder<'_>, id: i64) -> io::Result<Option<(usize, Vec<String>)>> {
        // An item that changed is in both segments, with its current cells in the recent one.
        for segment in [order.recent, order.base] {
            let Some(item) = segment.segment.find_id(id)? else { continue };
            let item = u32::try_from(item).map_err(io::Error::other)?;
            let cells = order.cells(segment, item)?;
            let place = (order.keys(&cells), id);
            let Some(position) = self.count_until_place(order, &place)?.checked_sub(1) else { return Ok(None) };
            return Ok((self.ids(order, position, 1)? == [id]).then_some((position, cells)));
        }
        Ok(None)
    }

    /// Returns how many of the first `count` items are of the base segment, and how many changed since.
    fn split_at(&self, order: ListingOrder<'_>, count: usize) -> io::Result<(usize, usize)> {
        // The smallest number of recent items such that the next one does not belong to the first `count`.
        let (mut low, mut high) = (count.saturating_sub(self.base.len()), count.min(self.recent.len()));
        while low < high {
            let middle = low.midpoint(high);
            let recent = order.place(order.recent, self.recent[middle])?;
            let base = order.place(order.base, self.base[count - middle - 1])?;
            if order.compare(&recent, &base) == Ordering::Less { low = middle + 1 } else { high = middle }
        }
        Ok((count - low, low))
    }

    /// Returns how many items come before the place of a cursor, or at it.
    ///
    /// A cursor with clipped cells is exact while its item has not moved. After that, items are counted whose cells
    /// come before all cells with the same beginning: some items may be listed again, but none is left out.
    ///
    /// # Errors
    /// [`io::Error`] when a segment cannot be read.
    pub(super) fn count_until(&self, order: ListingOrder<'_>, cursor: &ListCursor) -> io::Result<usize> {
        if !cursor.is_clipped {
            return self.count_until_place(order, &(order.keys(&cursor.cells), cursor.id));
        }
        if let Some((position, cells)) = self.find_item(order, cursor.id)?
            && ListCursor::new(cursor.id, cells) == *cursor
        {
            return Ok(position + 1);
        }
        self.count_until_place(order, &order.place_before(&cursor.cells))
    }

    fn count_until_place(&self, order: ListingOrder<'_>, place: &PlaceKey) -> io::Result<usize> {
        let count_in = |segment: &IndexedSegment, items: &[u32]| -> io::Result<usize> {
            let (mut low, mut high) = (0, items.len());
            while low < high {
                let middle = low.midpoint(high);
                let other = order.place(segment, items[middle])?;
                if order.compare(&other, place) == Ordering::Greater { high = middle } else { low = middle + 1 }
            }
            Ok(low)
        };
        Ok(count_in(order.base, &self.base)? + count_in(order.recent, &self.recent)?)
    }
}

impl ListingOrder<'_> {
    /// The cells of an item in the columns of the order.
    fn cells(&self, segment: &IndexedSegment, item: u32) -> io::Result<Vec<String>> {
        let segment = &segment.segment;
        let cell = |(column, _): &(SortColumn, ColumnType)| match segment.find_column(&column.name) {
            Some(at) => segment.cell(at, item as usize),
            None => Ok(String::new()),
        };
        self.sort.iter().map(cell).collect()
    }

    fn place(&self, segment: &IndexedSegment, item: u32) -> io::Result<PlaceKey> {
        Ok((self.keys(&self.cells(segment, item)?), segment.segment.id(item as usize)?))
    }

    fn keys(&self, cells: &[String]) -> Vec<Option<SortKey>> {
        cells.iter().zip(self.sort).map(|(cell, (_, column_type))| sort_key(cell, *column_type)).collect()
    }

    /// The place before all items whose cells have these beginnings.
    fn place_before(&self, beginnings: &[String]) -> PlaceKey {
        let before = |(cell, (column, column_type)): (&String, &(SortColumn, ColumnType))| {
            sort_key(cell, *column_type).map(|key| match (key, column.descending) {
                (SortKey::Text(text), false) => SortKey::Text(text),
                (SortKey::Text(text), true) => SortKey::Text(text + LAST_CHARACTER),
                // The rest of the cell may be a part of the number.
                (SortKey::Number(_), false) => SortKey::Number(f64::NEG_INFINITY),
                (SortKey::Number(_), true) => SortKey::Number(f64::INFINITY),
            })
        };
        (beginnings.iter().zip(self.sort).map(before).collect(), i64::MIN)
    }

    fn compare(&self, a: &PlaceKey, b: &PlaceKey) -> Ordering {
        let keys = self.sort.iter().zip(a.0.iter().zip(&b.0));
        keys.map(|((column, _), (a, b))| column.compare_keys(a.as_ref(), b.as_ref()))
            .find(|order| order.is_ne())
            .unwrap_or_else(|| a.1.cmp(&b.1))
    }
}
