//! The base map under the families: one PMTiles file that the server's keeper names. Owns the check that it is one, and
//! reading parts of it. It is read anew for every part, so a newer file may take its place while the server runs.

use std::io::{self, Read as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use bytes::Bytes;
use futures_util::Stream;
use tilik_protocol::map::MapTiles;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};

/// The head of a PMTiles file of version 3.
const HEAD_BYTES: usize = 127;
const TILE_TYPE: usize = 99;
/// What is read from the disk at a time.
const PIECE_BYTES: usize = 64 * 1024;

/// Why a file cannot be the base map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// It is not there, or may not be read.
    Unreadable,
    /// It is no PMTiles file of version 3.
    NotPmtiles,
    /// Its tiles are of a kind that browsers do not draw.
    OtherTiles,
}

/// A file that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseMap {
    path: PathBuf,
    tiles: MapTiles,
}

/// The file as it is now.
#[derive(Debug)]
pub struct Opened {
    file: tokio::fs::File,
    /// Its size in bytes.
    pub size: u64,
    /// Another one when the file is another, quoted as HTTP has it.
    pub tag: String,
}

impl BaseMap {
    /// Looks at the head of the file.
    ///
    /// # Errors
    /// Why it cannot be the base map.
    pub fn open(path: &Path) -> Result<Self, Unfit> {
        let mut head = [0; HEAD_BYTES];
        let mut file = std::fs::File::open(path).map_err(|_| Unfit::Unreadable)?;
        file.read_exact(&mut head)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => Unfit::NotPmtiles,
                _ => Unfit::Unreadable,
            })?;
        if !head.starts_with(b"PMTiles\x03") {
            return Err(Unfit::NotPmtiles);
        }
        let tiles = match head[TILE_TYPE] {
            1 => MapTiles::Vector,
            // PNG, JPEG, WebP, AVIF.
            2..=5 => MapTiles::Raster,
            _ => return Err(Unfit::OtherTiles),
        };
        Ok(Self {
            path: path.to_owned(),
            tiles,
        })
    }

    /// What it is made of.
    pub fn tiles(&self) -> MapTiles {
        self.tiles
    }

    /// # Errors
    /// When the file cannot be opened any more.
    pub async fn now(&self) -> io::Result<Opened> {
        Opened::of(&self.path).await
    }
}

impl Opened {
    /// The file of this name as it is now.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub async fn of(path: &Path) -> io::Result<Self> {
        let file = tokio::fs::File::open(path).await?;
        let about = file.metadata().await?;
        let changed = about.modified()?.duration_since(UNIX_EPOCH);
        let changed = changed.map_or(0, |since| since.as_nanos());
        Ok(Self {
            file,
            size: about.len(),
            tag: format!("\"{:x}-{changed:x}\"", about.len()),
        })
    }

    /// `length` bytes from `start`, piece by piece.
    ///
    /// # Errors
    /// When the disk does not answer.
    pub async fn part(
        mut self,
        start: u64,
        length: u64,
    ) -> io::Result<impl Stream<Item = io::Result<Bytes>> + use<>> {
        self.file.seek(SeekFrom::Start(start)).await?;
        Ok(futures_util::stream::try_unfold(
            (self.file, length),
            async |(mut file, left)| {
                if left == 0 {
                    return Ok(None);
                }
                let size = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
                let mut piece = vec![0; size];
                file.read_exact(&mut piece).await?;
                Ok(Some((Bytes::from(piece), (file, left - size as u64))))
            },
        ))
    }
}

/// Which part of `size` bytes a `Range` header asks for, as first byte and length. `Ok(None)`: all of it, for a server may
/// always answer with everything to what it does not understand.
///
/// # Errors
/// When no byte of the file lies in it.
pub fn part_of(range: Option<&str>, size: u64) -> Result<Option<(u64, u64)>, OutOfRange> {
    let Some((first, last)) = range
        .and_then(|range| range.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let part = match (first.parse::<u64>().ok(), last.parse::<u64>().ok()) {
        (Some(first), Some(last)) if first <= last => {
            Some((first, last.min(size.saturating_sub(1))))
        }
        (Some(first), None) if last.is_empty() => Some((first, size.saturating_sub(1))),
        (None, Some(length)) if first.is_empty() => {
            if length == 0 {
                return Err(OutOfRange);
            }
            Some((size.saturating_sub(length), size.saturating_sub(1)))
        }
        _ => None,
    };
    match part {
        None => Ok(None),
        Some((first, _)) if first >= size => Err(OutOfRange),
        Some((first, last)) => Ok(Some((first, last - first + 1))),
    }
}

/// No byte of the file lies in the part that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

#[cfg(test)]
mod tests {
    use super::*;

    fn written(bytes: &[u8]) -> Result<BaseMap, Unfit> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("peta.pmtiles");
        std::fs::write(&path, bytes).unwrap();
        BaseMap::open(&path)
    }

    fn head(tile_type: u8) -> Vec<u8> {
        let mut head = b"PMTiles\x03".to_vec();
        head.resize(HEAD_BYTES, 0);
        head[TILE_TYPE] = tile_type;
        head
    }

    #[test]
    fn what_is_no_map_of_tiles_is_told_by_its_head() {
        assert_eq!(written(&head(1)).unwrap().tiles(), MapTiles::Vector);
        for raster in 2..=5 {
            assert_eq!(written(&head(raster)).unwrap().tiles(), MapTiles::Raster);
        }
        assert_eq!(written(&head(0)), Err(Unfit::OtherTiles));
        assert_eq!(written(&head(6)), Err(Unfit::OtherTiles));
        assert_eq!(written(&head(1)[..126]), Err(Unfit::NotPmtiles));
        assert_eq!(written(b""), Err(Unfit::NotPmtiles));
        let mut older = head(1);
        older[7] = 2;
        assert_eq!(written(&older), Err(Unfit::NotPmtiles));
        assert_eq!(
            BaseMap::open(Path::new("/nirgends/peta.pmtiles")),
            Err(Unfit::Unreadable)
        );
    }

    #[test]
    fn a_part_is_what_http_says_it_is() {
        let part = |range: &str| part_of(Some(range), 1_000);
        assert_eq!(part_of(None, 1_000), Ok(None));
        assert_eq!(part("bytes=0-126"), Ok(Some((0, 127))));
        assert_eq!(part("bytes=990-2000"), Ok(Some((990, 10))));
        assert_eq!(part("bytes=990-"), Ok(Some((990, 10))));
        assert_eq!(part("bytes=-10"), Ok(Some((990, 10))));
        assert_eq!(part("bytes=-2000"), Ok(Some((0, 1_000))));
        for out in ["bytes=1000-", "bytes=1000-1001", "bytes=-0"] {
            assert_eq!(part(out), Err(OutOfRange), "{out}");
        }
        // Not understood: all of it.
        for other in [
            "bytes=9-3",
            "bytes=0-1,5-6",
            "bytes=-",
            "items=0-1",
            "bytes=a-b",
            "",
        ] {
            assert_eq!(part(other), Ok(None), "{other}");
        }
        assert_eq!(part_of(Some("bytes=0-0"), 0), Err(OutOfRange));
    }
}
