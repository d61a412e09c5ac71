//! The questions, one by one, and the notice that is read before them and before any photo of what is a family's own.

use tilik_protocol::form::{AnswerFault, QuestionKind};
use tilik_protocol::ids::VisitId;

use crate::FieldApp;
use crate::capture::{self, PIN_REASON};
use crate::error::Result;
use crate::store::drafts;
use crate::vault::Vault;

/// The version of [`NOTICE`]. A visit's manifest names the app's version, and with it this one.
const NOTICE_VERSION: &str = "2";

/// What is read to the respondent: who asks, what for, who sees it, for how long, and what they may ask for (UU 27/2022).
const NOTICE: [&str; 5] = [
    "Kami petugas Dinas Sosial. Kami datang untuk memastikan data bantuan sosial keluarga Bapak/Ibu sesuai keadaan.",
    "Yang kami catat: foto rumah di luar dan di dalam, bila perlu foto penerima, KTP, dan Kartu Keluarga, titik lokasi, dan jawaban Bapak/Ibu. Data ini hanya dipakai untuk menilai kelayakan bantuan sosial.",
    "Data dilihat oleh petugas Dinas Sosial yang berwenang dan dicatat siapa yang melihatnya. Data tidak dijual dan tidak disebarkan. Data disimpan selama diperlukan untuk bantuan sosial dan pemeriksaannya, lalu dihapus.",
    "Bapak/Ibu boleh menolak kunjungan atau tidak menjawab; hal itu dicatat apa adanya. Bapak/Ibu juga boleh meminta salinan, perbaikan, atau penghapusan data di kantor kelurahan atau Dinas Sosial.",
    "Petugas tidak memutuskan bantuan dan tidak memungut biaya apa pun. Jika keberatan dengan hasilnya, Bapak/Ibu dapat mengajukan keberatan.",
];

/// A question as its screen shows it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct QuestionView {
    /// Its id.
    pub id: String,
    /// Its place among those that are asked now, counted from 1.
    pub number: u32,
    /// How many are asked now.
    pub total: u32,
    /// Its words.
    pub text: String,
    /// What can be answered.
    pub kind: QuestionKind,
    /// The answer so far.
    pub answer: Option<String>,
    /// Whether the visit cannot be sealed without an answer.
    pub required: bool,
    /// What is wrong with the answer.
    pub fault: Option<AnswerFault>,
}

/// What is read to the respondent.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct NoticeText {
    /// Which text it is.
    pub version: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
}

/// What is read to the respondent, before photos of what is theirs and before the questions.
#[uniffi::export]
pub fn privacy_notice() -> NoticeText {
    NoticeText {
        version: NOTICE_VERSION.to_owned(),
        paragraphs: NOTICE.map(str::to_owned).to_vec(),
    }
}

pub(crate) fn questions(app: &FieldApp, visit: VisitId) -> Result<Vec<QuestionView>> {
    let core = app.core();
    let vault = Vault::of(app.phone())?;
    let draft = drafts::load(&core.stores.device, &vault, visit)?;
    let Some(form) = capture::form_of(&draft) else {
        return Ok(Vec::new());
    };
    let answers = capture::answers_of(&draft);
    let problems = form.problems(&answers);
    // The pin's own screen asks why a pin is poor.
    let asked: Vec<_> = form
        .questions
        .iter()
        .filter(|question| question.id != PIN_REASON && form.is_asked(question, &answers))
        .collect();
    let total = u32::try_from(asked.len()).unwrap_or(u32::MAX);
    Ok((1..)
        .zip(asked)
        .map(|(number, question)| QuestionView {
            id: question.id.clone(),
            number,
            total,
            text: question.text.clone(),
            kind: question.kind.clone(),
            answer: answers.get(&question.id).cloned(),
            required: question.required,
            fault: problems
                .iter()
                .find(|problem| problem.question == question.id)
                .map(|problem| problem.fault),
        })
        .collect())
}
