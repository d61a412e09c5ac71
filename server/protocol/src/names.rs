//! How Indonesian names sound: spelled in the old way or the new, with one letter or two, they are found all the same.
//!
//! A name is looked for by the sounds of its words: consonants only, those that are confused written alike. Then the names
//! that were found are ordered by how alike they are letter by letter ([`likeness`]).

/// So many words of a name are looked at.
const MOST_WORDS: usize = 8;
/// So many letters of a word.
const MOST_LETTERS: usize = 40;

/// Words that stand for others, and titles that are no part of a name.
fn word_of(word: &str) -> Option<&str> {
    Some(match word {
        "moh" | "mohd" | "muh" | "muhd" | "mhd" | "md" | "moch" | "much" | "mohamad" => "muhammad",
        "abd" => "abdul",
        "st" => "siti",
        "h" | "hj" | "hajjah" | "haji" | "ir" | "dr" | "drs" | "dra" | "alm" | "almh" | "bin"
        | "binti" | "bt" => return None,
        other => other,
    })
}

/// How letters are read that stood for others once.
#[derive(Clone, Copy)]
struct Reading {
    /// A `j` is the old `y`.
    old_j: bool,
    /// A `ch` or `kh` within a word is breathed like `h`.
    soft: bool,
}

/// One word's consonants as they are heard.
fn sound(word: &str, reading: Reading) -> String {
    let letters: Vec<char> = word.chars().take(MOST_LETTERS).collect();
    let mut heard = String::new();
    let mut n = 0;
    while n < letters.len() {
        let (now, next) = (letters[n], letters.get(n + 1).copied());
        let first = n == 0;
        let doubled = !first && letters[n - 1] == now;
        let (what, width) = match (now, next) {
            _ if doubled => (None, 1),
            ('d', Some('j')) => (Some('j'), 2),
            ('s' | 'n', Some('j' | 'y')) | ('d' | 't' | 'g', Some('h')) => (Some(now), 2),
            ('k' | 'c', Some('h')) if reading.soft && !first => (None, 2),
            ('t', Some('j')) | ('c', Some('y')) | ('k' | 'c', Some('h')) => (Some('k'), 2),
            ('p', Some('h')) => (Some('p'), 2),
            ('c' | 'k' | 'q', _) => (Some('k'), 1),
            ('x' | 'z', _) => (Some('s'), 1),
            ('f' | 'v' | 'p', _) => (Some('p'), 1),
            // Heard or not, written or not, and not to be relied on: Yahya and Yahia, Hadi and Adi.
            ('a' | 'e' | 'i' | 'o' | 'u' | 'h', _) if first => (Some('a'), 1),
            ('a' | 'e' | 'i' | 'o' | 'u' | 'h', _) => (None, 1),
            ('y', _) if !first => (None, 1),
            ('j', _) if reading.old_j => (first.then_some('y'), 1),
            (letter, _) => (Some(letter), 1),
        };
        heard.extend(what);
        n += width;
    }
    heard
}

fn words(name: &str) -> Vec<String> {
    let plain: String = name
        .chars()
        .flat_map(char::to_lowercase)
        .map(|c| match c {
            'à' | 'á' | 'â' | 'ä' => 'a',
            'è' | 'é' | 'ê' | 'ë' => 'e',
            'ì' | 'í' | 'î' | 'ï' => 'i',
            'ò' | 'ó' | 'ô' | 'ö' => 'o',
            'ù' | 'ú' | 'û' | 'ü' => 'u',
            // `Sya'ban` is one word.
            '\'' | '’' | '`' => '\u{0}',
            c if c.is_alphabetic() => c,
            _ => ' ',
        })
        .filter(|c| *c != '\u{0}')
        .collect();
    let mut words: Vec<String> = plain
        .split_whitespace()
        .filter_map(word_of)
        .take(MOST_WORDS)
        .map(str::to_owned)
        .collect();
    if words.is_empty() {
        // A name of titles only is still somebody's name.
        words = plain
            .split_whitespace()
            .take(MOST_WORDS)
            .map(str::to_owned)
            .collect();
    }
    words
}

/// What each word of a name sounds like: seldom more than one key a word.
pub fn sounds_of_words(name: &str) -> Vec<Vec<String>> {
    words(name)
        .iter()
        .map(|word| {
            let mut keys = Vec::new();
            for (old_j, soft) in [(false, false), (true, false), (false, true), (true, true)] {
                let key = sound(word, Reading { old_j, soft });
                if !key.is_empty() && !keys.contains(&key) {
                    keys.push(key);
                }
            }
            keys
        })
        .filter(|keys| !keys.is_empty())
        .collect()
}

/// All keys under which a name is kept.
pub fn sounds(name: &str) -> Vec<String> {
    let mut keys: Vec<String> = sounds_of_words(name).into_iter().flatten().collect();
    keys.sort();
    keys.dedup();
    keys
}

/// How alike two names are, 0 to 1000: the share of pairs of letters they have in common, whatever the order of words.
pub fn likeness(one: &str, other: &str) -> u32 {
    let pairs = |name: &str| {
        let mut pairs: Vec<(char, char)> = Vec::new();
        for word in words(name) {
            let letters: Vec<char> = std::iter::once(' ')
                .chain(word.chars())
                .chain(std::iter::once(' '))
                .collect();
            pairs.extend(letters.windows(2).map(|two| (two[0], two[1])));
        }
        pairs
    };
    let (one, mut other) = (pairs(one), pairs(other));
    let all = one.len() + other.len();
    let mut common = 0;
    for pair in one {
        if let Some(at) = other.iter().position(|known| *known == pair) {
            other.swap_remove(at);
            common += 1;
        }
    }
    u32::try_from(2_000 * common / all.max(1)).unwrap_or(0)
}

/// How alike two spellings of one name are at least.
const ALIKE: u32 = 300;

/// Whether two texts may be one name, spelled otherwise: every word of the shorter is heard in a word of its own of the
/// longer, in whatever order, and no more than one word is left over. One word alone stands for no longer name. Looks at
/// every pair of words whatever it finds on the way, so that how long it takes does not tell how near it was.
#[expect(
    clippy::needless_bitwise_bool,
    reason = "every comparison is made, whatever the others say"
)]
pub fn may_be_one(one: &str, other: &str) -> bool {
    let (one_heard, other_heard) = (sounds_of_words(one), sounds_of_words(other));
    let (short, long) = if one_heard.len() <= other_heard.len() {
        (one_heard, other_heard)
    } else {
        (other_heard, one_heard)
    };
    let left = long.len() - short.len();
    let mut met = vec![false; long.len()];
    let mut all = !short.is_empty();
    for word in &short {
        let mut heard = false;
        for (known, met) in long.iter().zip(&mut met) {
            let pairs = word
                .iter()
                .flat_map(|key| known.iter().map(move |k| k == key));
            let takes = pairs.fold(false, |same, pair| same | pair) & !*met & !heard;
            *met |= takes;
            heard |= takes;
        }
        all &= heard;
    }
    all & (left == 0 || (left == 1) & (short.len() > 1)) & (likeness(one, other) >= ALIKE)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn share_each_word(one: &str, other: &str) -> bool {
        let (one, other) = (sounds_of_words(one), sounds_of_words(other));
        one.len() == other.len()
            && one
                .iter()
                .zip(&other)
                .all(|(a, b)| a.iter().any(|key| b.contains(key)))
    }

    #[test]
    fn spellings_of_one_name_sound_alike() {
        for (one, other) in [
            ("Suryono", "Soerjono"),
            ("SURIYONO", "suriono"),
            ("Joko", "Djoko"),
            ("Mohammad", "Muhamad"),
            ("Moch. Rifai", "Muhammad Rifa'i"),
            ("Siti Aminah", "ST. AMINA"),
            ("Khoirul Anam", "Choirul Anam"),
            ("Fatimah", "Patimah"),
            ("Zainal", "Sainal"),
            ("Sjahrir", "Syahrir"),
            ("Sutjipto", "Sucipto"),
            ("Yusuf", "Yusup"),
            ("Hj. Rokhayah", "Rokayah"),
            ("Achmad", "Ahmad"),
            ("Ismail", "Ismael"),
            ("Wahyu", "Wahju"),
        ] {
            assert!(
                share_each_word(one, other),
                "{one} {other}: {:?} {:?}",
                sounds(one),
                sounds(other)
            );
        }
    }

    #[test]
    fn a_name_is_known_by_another_spelling_and_by_no_other_name() {
        for (one, other) in [
            ("Suryono", "Soerjono"),
            ("AMINAH SITI", "Siti Amina"),
            ("Moch. Rifai", "Muhammad Rifa'i"),
            ("Siti Nur Aminah", "Siti Aminah"),
            ("Hj. Rokhayah", "Rokayah"),
        ] {
            assert!(may_be_one(one, other), "{one} {other}");
            assert!(may_be_one(other, one), "{other} {one}");
        }
        for (one, other) in [
            ("Siti", "Siti Aminah"),
            ("Siti Aminah", "Siti Maimunah"),
            ("Budi", "Badu"),
            ("Siti Nur Aminah Lestari", "Siti Aminah"),
            ("Siti Siti", "Siti Aminah"),
            ("", "Siti"),
            ("123", "123"),
        ] {
            assert!(!may_be_one(one, other), "{one} {other}");
            assert!(!may_be_one(other, one), "{other} {one}");
        }
    }

    #[test]
    fn different_names_do_not() {
        for (one, other) in [
            ("Suryono", "Sumarno"),
            ("Siti", "Sari"),
            ("Budi", "Rudi"),
            ("Aminah", "Maimunah"),
        ] {
            assert!(!share_each_word(one, other), "{one} {other}");
        }
    }

    #[test]
    fn no_name_is_without_a_key_unless_it_has_no_letter() {
        for name in ["Ai", "H", "Oei", "Hj", "Bin", "Xi", "Íñigo"] {
            assert!(!sounds(name).is_empty(), "{name}");
        }
        assert!(sounds("123 ()").is_empty());
    }

    #[test]
    fn the_likest_name_comes_first() {
        assert_eq!(likeness("Siti Aminah", "AMINAH  SITI"), 1000);
        assert!(likeness("Siti Aminah", "Siti Amina") > likeness("Siti Aminah", "Siti Maimunah"));
        assert_eq!(likeness("", ""), 0);
        assert!(likeness("Budi", "Joko") < 200);
    }
}
