//! The report on paper: A4 across, as many pages as it takes, each with the heads of its table.

use chrono::NaiveDate;
use tilik_protocol::report::MonthlyReport;
use tilik_protocol::time::Timestamp;

use super::{PLACES, WORK, called};
use crate::error::Result;
use crate::letters::font::{Face, Weight, faces};
use crate::letters::layout::{self, Item, Pages};
use crate::letters::paint;
use crate::letters::words::{in_words, month_in_words};
use crate::store::report::NamedReport;

/// A4 across.
const PAGE: (f32, f32) = (layout::PAGE.1, layout::PAGE.0);
const LEFT: f32 = 34.0;
const RIGHT: f32 = PAGE.0 - 34.0;
const TOP: f32 = 34.0;
/// Below it only the foot stands.
const BOTTOM: f32 = PAGE.1 - 46.0;
/// Of what the tables say, and the height of a row.
const SIZE: f32 = 8.5;
const ROW: f32 = 13.0;
const HEAD: f32 = 6.8;
const PAD: f32 = 3.0;
/// What a row is called by: the village, and the program.
const NAMES: (f32, f32) = (100.0, 110.0);

/// What stands in a row.
struct Line {
    names: [String; 2],
    numbers: Vec<u64>,
    is_sum: bool,
}

/// A table: what its columns are called, and where the numbers begin.
struct Columns {
    heads: Vec<&'static str>,
    /// How many columns of names.
    names: usize,
}

impl Columns {
    /// Where column `n` begins and ends.
    fn span(&self, n: usize) -> (f32, f32) {
        let names = [NAMES.0, NAMES.1];
        let before: f32 = names.iter().take(self.names).sum();
        if n < self.names {
            let from: f32 = LEFT + names.iter().take(n).sum::<f32>();
            return (from, from + names[n]);
        }
        let count = |n: usize| f32::from(u16::try_from(n).unwrap_or(u16::MAX));
        let width = (RIGHT - LEFT - before) / count(self.heads.len() - self.names);
        let from = LEFT + before + width * count(n - self.names);
        (from, from + width)
    }
}

struct Sheet {
    regular: &'static Face,
    bold: &'static Face,
    pages: Pages,
    y: f32,
}

impl Sheet {
    fn put(&mut self, item: Item) {
        if let Some(page) = self.pages.last_mut() {
            page.push(item);
        }
    }

    fn face(&self, weight: Weight) -> &'static Face {
        match weight {
            Weight::Regular => self.regular,
            Weight::Bold => self.bold,
        }
    }

    fn text(&mut self, x: f32, size: f32, weight: Weight, text: &str) {
        let y = self.y;
        let text = text.to_owned();
        self.put(Item::Text {
            x,
            y,
            size,
            weight,
            text,
        });
    }

    fn rule(&mut self, y: f32, h: f32) {
        let (x, w) = (LEFT, RIGHT - LEFT);
        self.put(Item::Box { x, y, w, h });
    }

    fn paragraph(&mut self, size: f32, weight: Weight, text: &str) {
        for line in self.face(weight).wrapped(text, size, RIGHT - LEFT) {
            self.y += size * 1.32;
            self.text(LEFT, size, weight, &line);
        }
    }

    /// A text in a cell: at its left, or at its right.
    fn cell(&mut self, (from, to): (f32, f32), weight: Weight, text: &str, right: bool) {
        let w = self.face(weight).width(text, SIZE);
        let x = if right { to - PAD - w } else { from + PAD };
        self.text(x, SIZE, weight, text);
    }

    /// The heads of a table, as high as the highest.
    fn heads(&mut self, columns: &Columns) {
        let wrapped: Vec<Vec<String>> = (columns.heads.iter().enumerate())
            .map(|(n, head)| {
                let (from, to) = columns.span(n);
                self.bold.wrapped(head, HEAD, to - from - 2.0 * PAD)
            })
            .collect();
        let most = wrapped.iter().map(Vec::len).max().unwrap_or_default();
        let line = HEAD * 1.2;
        let top = self.y;
        self.rule(top, 0.9);
        let rows = f32::from(u16::try_from(most).unwrap_or(u16::MAX));
        let bottom = top + rows * line + 6.0;
        for (n, lines) in wrapped.iter().enumerate() {
            let (from, to) = columns.span(n);
            for (above, text) in lines.iter().rev().enumerate() {
                let above = f32::from(u16::try_from(above).unwrap_or(u16::MAX));
                self.y = bottom - 3.6 - above * line;
                let w = self.bold.width(text, HEAD);
                let x = if n < columns.names {
                    from + PAD
                } else {
                    to - PAD - w
                };
                self.text(x, HEAD, Weight::Bold, text);
            }
        }
        self.rule(bottom, 0.9);
        self.y = bottom;
    }

    /// A table under its title; what does not fit goes on under the same heads.
    fn table(&mut self, title: &str, columns: &Columns, lines: &[Line]) {
        // Title, heads and some rows stay together.
        if self.y + 96.0 > BOTTOM {
            self.pages.push(Vec::new());
            self.y = TOP;
        }
        self.y += 20.0;
        self.text(LEFT, 10.5, Weight::Bold, title);
        self.y += 6.0;
        self.heads(columns);
        for (at, line) in lines.iter().enumerate() {
            // A sum does not stand alone on a page.
            let alone = lines.get(at + 1).is_some_and(|next| next.is_sum) && !line.is_sum;
            let height = if alone { 2.0 * ROW } else { ROW };
            if self.y + height > BOTTOM {
                self.pages.push(Vec::new());
                self.y = TOP;
                let title = format!("{title} (lanjutan)");
                self.y += 12.0;
                self.text(LEFT, 10.5, Weight::Bold, &title);
                self.y += 6.0;
                self.heads(columns);
            }
            let weight = if line.is_sum {
                Weight::Bold
            } else {
                Weight::Regular
            };
            let top = self.y;
            if line.is_sum {
                self.rule(top, 0.6);
            }
            self.y = top + ROW - 3.8;
            for (n, name) in line.names.iter().take(columns.names).enumerate() {
                let span = columns.span(n);
                // A sum is called across both.
                let to = if line.is_sum && line.names[1].is_empty() {
                    columns.span(columns.names).0
                } else {
                    span.1
                };
                let room = to - span.0 - 2.0 * PAD;
                let fits = self.face(weight).wrapped(name, SIZE, room);
                let mut told = fits.first().cloned().unwrap_or_default();
                while fits.len() > 1 && self.face(weight).width(&format!("{told}…"), SIZE) > room
                {
                    told.pop();
                }
                if fits.len() > 1 {
                    told.push('…');
                }
                self.cell(span, weight, &told, false);
            }
            for (n, number) in line.numbers.iter().enumerate() {
                let span = columns.span(columns.names + n);
                self.cell(span, weight, &grouped(*number), true);
            }
            self.y = top + ROW;
            self.rule(self.y, 0.2);
        }
    }

    fn feet(&mut self, foot: &str) {
        let all = self.pages.len();
        for (n, page) in self.pages.iter_mut().enumerate() {
            let number = format!("Halaman {} dari {all}", n + 1);
            let x = RIGHT - self.regular.width(&number, 8.0);
            page.push(Item::Box {
                x: LEFT,
                y: BOTTOM + 10.0,
                w: RIGHT - LEFT,
                h: 0.5,
            });
            for (x, text) in [(LEFT, foot.to_owned()), (x, number)] {
                page.push(Item::Text {
                    x,
                    y: BOTTOM + 22.0,
                    size: 8.0,
                    weight: Weight::Regular,
                    text,
                });
            }
        }
    }
}

/// `12.345`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut told = String::new();
    for (n, digit) in digits.chars().enumerate() {
        if n > 0 && (digits.len() - n).is_multiple_of(3) {
            told.push('.');
        }
        told.push(digit);
    }
    told
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap_or_default()
}

/// `24 November 2026 pukul 14.05 WIB`.
fn moment(at: Timestamp, utc_offset_min: i64) -> String {
    let us = at.as_micros() + utc_offset_min * 60_000_000;
    let there = chrono::DateTime::from_timestamp_micros(us).unwrap_or_default();
    let zone = match utc_offset_min {
        540 => "WIT",
        480 => "WITA",
        _ => "WIB",
    };
    let date = in_words(there.date_naive());
    format!("{date} pukul {} {zone}", there.format("%H.%M"))
}

/// Which month, and up to when.
fn period(report: &MonthlyReport) -> String {
    let month = month_in_words(day(&report.from));
    if report.complete {
        return format!("Bulan {month}");
    }
    let to = in_words(day(&report.to));
    format!("Bulan {month}, belum berakhir: angka sampai tanggal {to}")
}

fn lay_out(named: &NamedReport) -> Result<Pages> {
    let report = &named.report;
    let (regular, bold) = faces()?;
    let mut sheet = Sheet {
        regular,
        bold,
        pages: vec![Vec::new()],
        y: TOP,
    };
    let regions = report.regions.iter();
    let regions: Vec<&str> = regions
        .map(|code| called(&named.regions, code.as_str()))
        .collect();
    let made = moment(report.made_at, report.utc_offset_min);
    let by = report.made_by.as_deref();
    let made = by.map_or_else(|| made.clone(), |by| format!("{made} oleh {by}"));
    sheet.paragraph(15.0, Weight::Bold, "Laporan Bulanan Bantuan Sosial");
    sheet.paragraph(11.0, Weight::Bold, &period(report));
    sheet.paragraph(
        9.5,
        Weight::Regular,
        &format!("Wilayah: {}", regions.join(", ")),
    );
    sheet.paragraph(9.5, Weight::Regular, &format!("Dibuat {made}"));
    if report.villages.is_empty() {
        sheet.y += 16.0;
        let none = "Belum ada yang tercatat di wilayah ini pada bulan tersebut.";
        sheet.paragraph(10.5, Weight::Regular, none);
    } else {
        sheet.y += 3.0;
        sheet.paragraph(
            8.0,
            Weight::Regular,
            "Awal + penerima baru + dipulihkan + pindah masuk − pindah keluar − dibatalkan − meninggal − pindah luar kota − \
             graduasi atau mundur = akhir. Yang ditahan tetap memegang tempatnya dan termasuk dalam awal dan akhir. Dihitung \
             menurut tanggal pencatatan. Satu keluarga dapat memegang tempat pada lebih dari satu program.",
        );
        tables(&mut sheet, named);
    }
    let name = format!(
        "Tilik · Laporan bulanan {}",
        month_in_words(day(&report.from))
    );
    sheet.feet(&format!("{name} · dibuat {made}"));
    Ok(sheet.pages)
}

fn tables(sheet: &mut Sheet, named: &NamedReport) {
    let report = &named.report;
    let region = |code: &str| called(&named.regions, code).to_owned();
    let program = |code: &str| called(&named.programs, code).to_owned();
    let columns = Columns {
        heads: ["Kelurahan", "Program"]
            .into_iter()
            .chain(PLACES.map(|(name, _)| name))
            .collect(),
        names: 2,
    };
    let mut lines = Vec::new();
    for village in &report.villages {
        let mut rows = report
            .rows
            .iter()
            .filter(|row| row.region == village.region);
        let all = rows.clone().count();
        lines.extend(rows.by_ref().map(|row| Line {
            names: [region(row.region.as_str()), program(&row.program)],
            numbers: PLACES.map(|(_, number)| number(&row.places)).into(),
            is_sum: false,
        }));
        if all > 1 {
            lines.push(Line {
                names: [
                    format!("Jumlah {}", region(village.region.as_str())),
                    String::new(),
                ],
                numbers: PLACES.map(|(_, number)| number(&village.places)).into(),
                is_sum: true,
            });
        }
    }
    for row in &report.programs {
        lines.push(Line {
            names: ["Semua kelurahan".to_owned(), program(&row.program)],
            numbers: PLACES.map(|(_, number)| number(&row.places)).into(),
            is_sum: true,
        });
    }
    lines.push(Line {
        names: ["Jumlah seluruhnya".to_owned(), String::new()],
        numbers: PLACES.map(|(_, number)| number(&report.places)).into(),
        is_sum: true,
    });
    sheet.table("Penerima per kelurahan dan program", &columns, &lines);

    let columns = Columns {
        heads: ["Kelurahan"]
            .into_iter()
            .chain(WORK.map(|(name, _)| name))
            .collect(),
        names: 1,
    };
    let rows = report.villages.iter();
    let mut lines: Vec<Line> = rows
        .map(|row| Line {
            names: [region(row.region.as_str()), String::new()],
            numbers: WORK.map(|(_, number)| number(&row.work)).into(),
            is_sum: false,
        })
        .collect();
    lines.push(Line {
        names: ["Jumlah seluruhnya".to_owned(), String::new()],
        numbers: WORK.map(|(_, number)| number(&report.work)).into(),
        is_sum: true,
    });
    sheet.table(
        "Kunjungan, kematian dan sanggahan per kelurahan",
        &columns,
        &lines,
    );
}

/// Draws the report; the same report gives the same bytes.
///
/// # Errors
/// When it cannot be drawn.
pub fn draw(named: &NamedReport) -> Result<Vec<u8>> {
    let title = format!("Laporan bulanan {}", named.report.month);
    paint(lay_out(named)?, PAGE, title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reports::sample;

    #[test]
    fn the_same_report_is_the_same_file() {
        let named = sample(46);
        let once = draw(&named).unwrap();
        assert!(once.starts_with(b"%PDF-1."));
        assert_eq!(once, draw(&named).unwrap());
        assert!(once.len() < 200_000, "{}", once.len());
    }

    #[test]
    fn everything_stands_within_the_margins_and_every_page_has_the_heads() {
        let (regular, bold) = faces().unwrap();
        let mut named = sample(46);
        named.report.made_by = Some("N".repeat(60));
        for name in named.regions.values_mut() {
            name.push_str(" yang namanya panjang sekali");
        }
        let pages = lay_out(&named).unwrap();
        assert!(pages.len() > 3, "{}", pages.len());
        for page in &pages {
            let mut said = String::new();
            for item in page {
                match item {
                    Item::Text {
                        x,
                        y,
                        size,
                        weight,
                        text,
                    } => {
                        let face = match weight {
                            Weight::Regular => regular,
                            Weight::Bold => bold,
                        };
                        let end = x + face.width(text, *size);
                        assert!(*x >= LEFT - 0.1 && end <= RIGHT + 0.1, "{text} {x} {end}");
                        assert!(*y > TOP && *y < PAGE.1 - 20.0, "{text} {y}");
                        said.push_str(text);
                        said.push('\n');
                    }
                    Item::Box { x, y, w, h } => {
                        assert!(*x >= LEFT && x + w <= RIGHT + 0.1, "{x} {w}");
                        assert!(*y >= TOP && y + h < PAGE.1 - 20.0, "{y} {h}");
                    }
                }
            }
            assert!(said.contains("\nKelurahan\n"), "{said}");
            assert!(said.contains(&format!("dari {}", pages.len())), "{said}");
        }
    }

    #[test]
    fn a_month_of_which_nothing_is_known_says_so() {
        let pages = lay_out(&sample(0)).unwrap();
        assert_eq!(pages.len(), 1);
        let says = |word: &str| {
            pages[0]
                .iter()
                .any(|item| matches!(item, Item::Text { text, .. } if text.contains(word)))
        };
        assert!(says("Belum ada yang tercatat"));
        assert!(says("sampai tanggal 24 November 2026"));
        assert!(says("24 November 2026 pukul 14.05 WIB oleh Sri Wahyuni"));
    }

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let told = [0, 999, 1_000, 33_632, 1_234_567].map(grouped);
        assert_eq!(told, ["0", "999", "1.000", "33.632", "1.234.567"]);
    }
}
