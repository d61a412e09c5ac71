/** 256 short everyday words, told apart by ear and eye, for passwords that are read from paper. */
export const WORDS: readonly string[] = `
abad abang abon acara adat adik agung ahli air ajak akar aksi alam alat album alis
aman ambil anak anggur angin angsa antar anyam apel apung arah arang arus asam asap asik
atap atas atur awal awan ayah ayam ayun badan bagus bahasa baju bakso balok bambu bantal
baris barat basah batik batu bawang bebek bekal belut benang benih beras besi betul biji bintik
bisa bola bolu bonsai buah bubur budaya bukit buku bulat bumi bunga buruh cabai cakap canda cangkul
cantik capung catur cawan cepat ceria cermin ceret cincin cocok coklat dahan dapur dasar datang daun
dawai debar delima desa diam dinding domba dorong duku dunia durian ekor elang emas ember empuk
enak engsel erat fajar foto gading gajah gambar gandum garam garis gelas gelang gemar gendang gentong
gerak gigi gitar golok gula guling guntur gurih guru halus harum hasil hebat helai hijau hitung
hobi hujan hutan ikan ikat indah induk intan irama isi itik jagung jahe jala jambu janji
jarum jejak jendela jeruk jinak jujur kaca kabar kaki kala kamus kancil kapas kapur karung kasur
kawan kayu kebun kecap kelapa kemah kendi keris ketan kilat kipas kolam kopi kotak kuat kubis
kuda kunyit kurma labu lada lagu lampu lancar langit laut lebah lemari lengan lereng lilin loket
lomba lurus madu mainan makan malam mangga manis mawar meja melati menara merah mesin mimpi minum
muda musik nada naik nanas nasi nenek ombak onde padi pagar pagi paku palu pantai
papan pasar pasir payung pena perahu pintu pisang pohon pulau putih rantai rapi riang roda rotan
`
	.trim()
	.split(/\s+/);
