//! ZIP archives from outside: how much an archive says of itself is looked at before anybody believes it.

use std::io::Cursor;

use memchr::memmem;
use zip::ZipArchive;

/// What stands at the end of an archive, and how long it is without its comment.
const END: &[u8] = b"PK\x05\x06";
const END_LEN: usize = 22;
/// What each file's line in the list of files begins with.
const LISTED: &[u8] = b"PK\x01\x02";
/// The longest comment there can be after the end.
const LONGEST_COMMENT: usize = 65_535;
/// Ends within one archive: of others that lie in it unpacked.
const MOST_ENDS: usize = 32;

/// Why an archive is not opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is none, or not whole.
    Broken,
    /// It says that it holds more than it may, or that its files lie one over the other.
    Bomb,
}

fn two(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
    Some(usize::from(u16::from_le_bytes(bytes)))
}

/// How many files the archive says it holds, at its very end. What needs the large form of that number is too many
/// anyway.
fn told(bytes: &[u8]) -> Option<usize> {
    let from = bytes.len().saturating_sub(END_LEN + LONGEST_COMMENT);
    let tail = bytes.get(from..)?;
    let at = memmem::rfind(tail, END)?;
    two(tail, at + 10)
}

/// Opens an archive of at most so many files. Lists are read only after their length is known: by what the archive says
/// at its end, and by how many lines of such a list there are anywhere in it, whatever it says.
///
/// # Errors
/// [`Refused`].
pub(crate) fn open<B: AsRef<[u8]>>(
    bytes: B,
    most: usize,
) -> Result<ZipArchive<Cursor<B>>, Refused> {
    let all = bytes.as_ref();
    let files = told(all).ok_or(Refused::Broken)?;
    let more_than = |what: &[u8], most: usize| memmem::find_iter(all, what).nth(most).is_some();
    // Packed bytes may look like a line of the list by chance, hence some room.
    if files > most || more_than(LISTED, most + 16) || more_than(END, MOST_ENDS) {
        return Err(Refused::Bomb);
    }
    let broken = |_| Refused::Broken;
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > most || archive.has_overlapping_files().map_err(broken)? {
        return Err(Refused::Bomb);
    }
    Ok(archive)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn archive(files: usize) -> Vec<u8> {
        let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for n in 0..files {
            let options = zip::write::SimpleFileOptions::default();
            writer.start_file(n.to_string(), options).unwrap();
            writer.write_all(b"x").unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    #[test]
    fn an_archive_of_more_files_than_allowed_is_refused_by_its_end_alone() {
        let whole = archive(30);
        assert!(open(&whole[..], 30).is_ok());
        assert_eq!(open(&whole[..], 29).err(), Some(Refused::Bomb));
        // Nothing but the end: whoever read the list first would call it broken.
        let end = &whole[whole.len() - END_LEN..];
        assert_eq!(open(end, 29).err(), Some(Refused::Bomb));
        assert_eq!(open(end, 30).err(), Some(Refused::Broken));
    }

    #[test]
    fn an_archive_that_says_less_than_it_lists_is_counted() {
        let mut liar = archive(60);
        let end = liar.len() - END_LEN;
        liar[end + 8..end + 12].copy_from_slice(&[1, 0, 1, 0]);
        assert_eq!(open(&liar[..], 20).err(), Some(Refused::Bomb));
    }

    #[test]
    fn what_is_no_archive_is_broken() {
        assert_eq!(open(&b"PK\x03\x04"[..], 9).err(), Some(Refused::Broken));
        assert_eq!(open(&b""[..], 9).err(), Some(Refused::Broken));
    }
}
