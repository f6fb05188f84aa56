//! The heights of bars in charts of runs.

/// The height of a bar for `part` of `whole`, between the two heights; 0 for nothing. It grows with the square root, so
/// that a run that takes a hundred times longer leaves the others visible.
pub(in crate::web) fn bar_height(part: u64, whole: u64, (lowest, highest): (u64, u64)) -> u64 {
    if part == 0 {
        return 0;
    }
    #[expect(clippy::cast_precision_loss, reason = "heights are a few pixels")]
    let share = (part as f64 / whole.max(1) as f64).sqrt();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "it lies between the two heights"
    )]
    let above_lowest = (share * (highest - lowest) as f64).round() as u64;
    lowest + above_lowest
}

#[cfg(test)]
mod tests {
    use super::bar_height;

    #[test]
    fn the_largest_part_is_the_highest_bar_and_the_smallest_is_visible() {
        let height = |part, whole| bar_height(part, whole, (3, 72));
        assert_eq!((height(400, 400), height(100, 400), height(1, 1_000_000), height(0, 400)), (72, 38, 3, 0));
        assert_eq!(height(0, 0), 0);
    }
}
