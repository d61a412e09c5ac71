//! The phone under the core: its folder, its ports, and what is made of them.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension, params};
use tilik_protocol::ids::{DeviceId, UserId};
use tilik_protocol::manifest::{Hash32, der_to_raw};
use tilik_protocol::time::Timestamp;
use uuid::Uuid;

use crate::error::{CoreError, Error, Result};
use crate::ports::{AppInfo, Ports};
use crate::store::meta;

/// Below this a visit may not be begun: one visit of twenty photos at the largest usual size, and the database.
pub(crate) const FULL_BELOW_BYTES: u64 = 32 * 1024 * 1024;
/// Below this the officer is told.
pub(crate) const LOW_BELOW_BYTES: u64 = 200 * 1024 * 1024;

/// What does not change while the app runs.
pub(crate) struct Phone {
    pub(crate) folder: PathBuf,
    pub(crate) app: AppInfo,
    pub(crate) ports: Ports,
}

/// The phone's enrolment, as a seal needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Enrolment {
    pub(crate) device: DeviceId,
    pub(crate) officer: UserId,
    /// The registry's public spool key.
    pub(crate) spool_recipient: String,
    /// The number of the last sealed visit; 0 before the first.
    pub(crate) chain_seq: u64,
    /// SHA-256 of its COSE bytes.
    pub(crate) chain_hash: Option<Hash32>,
}

impl Phone {
    /// The wall clock.
    pub(crate) fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.ports.clock.wall_micros())
    }

    /// A new id: UUIDv7 of the phone's clock and chance.
    pub(crate) fn new_id<T: From<Uuid>>(&self) -> T {
        let mut random = [0; 10];
        for (byte, chance) in random.iter_mut().zip(self.ports.rng.fill(10)) {
            *byte = chance;
        }
        let millis = self.now().as_millis().cast_unsigned();
        T::from(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }

    /// The phone key's signature over `message`, raw r and s, with s in the lower half: every verifier takes it.
    pub(crate) fn sign(&self, message: Vec<u8>) -> Result<[u8; 64]> {
        let der = self.ports.signer.sign(message)?;
        let raw = der_to_raw(&der).map_err(|_| Error::Broken("signature-der"))?;
        let signature = p256::ecdsa::Signature::from_slice(&raw)
            .map_err(|_| Error::Broken("signature-range"))?;
        let signature = signature.normalize_s().unwrap_or(signature);
        Ok(signature.to_bytes().into())
    }

    /// Whether a visit may be begun now. What is sealed goes on being sent whatever this says.
    pub(crate) fn may_begin(&self, db: &Connection) -> Result<Enrolment> {
        let enrolment = enrolment(db)?.ok_or(CoreError::NotEnrolled)?;
        if meta::get(db, meta::REVOKED)?.is_some() {
            return Err(CoreError::DeviceRevoked.into());
        }
        if self.is_too_old(db)? {
            return Err(CoreError::UpdateApp.into());
        }
        if self.ports.space.free_bytes() < FULL_BELOW_BYTES {
            return Err(CoreError::StorageFull.into());
        }
        Ok(enrolment)
    }

    /// Whether the city asks for a newer app.
    pub(crate) fn is_too_old(&self, db: &Connection) -> Result<bool> {
        let Some(least) = meta::get(db, meta::MIN_VERSION)? else {
            return Ok(false);
        };
        Ok(is_newer(&least, &self.app.version))
    }
}

/// Whether `one` is a newer version than `other`.
pub(crate) fn is_newer(one: &str, other: &str) -> bool {
    parts(one) > parts(other)
}

/// The numbers of a version, for comparing: `0.10.0` is newer than `0.9.3`.
fn parts(version: &str) -> Vec<u64> {
    let mut parts: Vec<u64> = version
        .split(['.', '-', '+'])
        .map_while(|part| part.parse().ok())
        .collect();
    while parts.last() == Some(&0) {
        parts.pop();
    }
    parts
}

/// The current enrolment; `None` before the first.
pub(crate) fn enrolment(db: &Connection) -> Result<Option<Enrolment>> {
    let (Some(device), Some(spool_recipient)) = (
        meta::get(db, meta::DEVICE)?,
        meta::get(db, meta::SPOOL_RECIPIENT)?,
    ) else {
        return Ok(None);
    };
    let row: Option<(String, i64, Option<Vec<u8>>)> = db
        .prepare_cached("SELECT officer, chain_seq, chain_hash FROM enrolment WHERE device = ?1")?
        .query_row([device.to_string()], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
        .optional()?;
    let Some((officer, seq, hash)) = row else {
        return Ok(None);
    };
    Ok(Some(Enrolment {
        device,
        officer: officer
            .parse()
            .map_err(|_| Error::Broken("enrolment-officer"))?,
        spool_recipient,
        chain_seq: seq.cast_unsigned(),
        chain_hash: hash
            .map(|hash| {
                <[u8; 32]>::try_from(hash)
                    .map(Hash32)
                    .map_err(|_| Error::Broken("chain-hash"))
            })
            .transpose()?,
    }))
}

/// Whether the phone's signing key is another than the one that was enrolled: its keystore has lost that.
pub(crate) fn has_another_key(db: &Connection, phone: &Phone, device: DeviceId) -> Result<bool> {
    let enrolled: Option<Vec<u8>> = db
        .prepare_cached("SELECT public_key FROM enrolment WHERE device = ?1")?
        .query_row([device.to_string()], |row| row.get(0))
        .optional()?
        .flatten();
    match enrolled {
        Some(enrolled) => Ok(enrolled != phone.ports.signer.public_key()?),
        None => Ok(false),
    }
}

/// Moves the chain on by one visit; in the transaction that puts the visit into the outbox.
pub(crate) fn advance_chain(
    db: &Connection,
    device: DeviceId,
    seq: u64,
    hash: Hash32,
) -> Result<()> {
    let moved = db
        .prepare_cached(
            "UPDATE enrolment SET chain_seq = ?2, chain_hash = ?3 \
             WHERE device = ?1 AND chain_seq = ?2 - 1",
        )?
        .execute(params![device.to_string(), seq.cast_signed(), hash.0])?;
    if moved == 1 {
        Ok(())
    } else {
        Err(Error::Broken("chain-moved"))
    }
}
