/** What is new, by version and for whom. The newest first; a version that was told once is never changed. */
import type { Schemas } from '../api.ts';

type Role = Schemas['Role'];

export interface Item {
	readonly roles: readonly Role[];
	readonly title: string;
	readonly text: string;
}

export interface Release {
	/** What the server keeps of who was told. */
	readonly version: string;
	/** The region's day on which it came. */
	readonly day: string;
	readonly items: readonly Item[];
}

const READERS: readonly Role[] = ['supervisor', 'operator', 'verifier', 'approver', 'signatory', 'auditor'];

export const RELEASES: readonly Release[] = [
	{
		version: '2026.11.4',
		day: '2026-11-29',
		items: [
			{
				roles: ['operator', 'verifier'],
				title: 'Loket',
				text: 'Ketik NIK warga di Loket: keadaan keluarganya pada tiap program, alasannya, dan apa yang dapat dilakukan. Keberatan dan surat dimulai dari sana.',
			},
			{
				roles: ['operator', 'verifier', 'approver', 'auditor'],
				title: 'Keberatan',
				text: 'Keluarga yang kepesertaannya dihentikan dapat berkeberatan dan menerima tanda terima. Selama keberatan belum dijawab, tempatnya tidak diberikan kepada siapa pun. Yang memeriksa dan memutus tidak boleh ikut dalam pembatalannya.',
			},
			{
				roles: ['operator', 'verifier', 'auditor'],
				title: 'Sanggahan warga',
				text: 'Warga yang menilai sebuah keluarga tidak layak, atau ada yang terlewat, dapat menyanggah; yang masuk ada di Sanggahan. Verifikator menerimanya untuk diperiksa di rumah, atau menolaknya dengan alasan, dalam 14 hari. Yang menyanggah dirahasiakan; membuka identitasnya tercatat.',
			},
			{
				roles: READERS,
				title: 'Halaman untuk warga',
				text: 'Tanpa akun, warga memeriksa di /cek apakah ia tercatat, menyanggah di /sanggah, dan melihat tahapnya dengan tanda terima. Keduanya tertaut dari halaman Masuk.',
			},
			{
				roles: ['operator', 'verifier', 'signatory', 'admin', 'auditor'],
				title: 'Surat',
				text: 'Surat keterangan terdaftar dan tidak terdaftar, serta pemberitahuan pembatalan, dicetak dengan nomor dan kode periksa. Siapa pun dapat mencocokkan surat di halaman Periksa surat.',
			},
			{
				roles: ['operator', 'verifier', 'approver', 'auditor'],
				title: 'Kependudukan',
				text: 'Kematian dan perpindahan dari Dukcapil tercatat sendiri; yang tidak cocok menunggu di Kependudukan. Kelurahan yang menerima keluarga pindahan dapat mengembalikannya dalam tujuh hari.',
			},
			{
				roles: ['operator', 'verifier', 'auditor'],
				title: 'Padanan dengan Dukcapil',
				text: 'Tanyakan NIK, nama, dan tanggal lahir ke Dukcapil dari halaman keluarga, atau sekaligus dari hasil pencarian penerima. Jawabannya ada di Kependudukan, Padanan; tanpa sambungan langsung, pertanyaan dan jawaban lewat berkas.',
			},
			{
				roles: ['operator', 'verifier', 'admin', 'auditor'],
				title: 'Jaminan kesehatan',
				text: 'Status JKN dari BPJS Kesehatan tampil pada keluarga dan di Jaminan kesehatan, dengan tanggal datanya. Peserta PBI-JK yang dinonaktifkan menunggu di sana: usulkan reaktivasi sebelum tenggatnya lewat, atau tandai tidak perlu tindakan.',
			},
			{
				roles: ['approver', 'operator', 'admin'],
				title: 'Jadwal dibuka kembali',
				text: 'Kepala dinas dapat membuka kembali jadwal usulan yang sudah ditutup, dengan nomor nota dinas, sampai hari yang dipilihnya. Tiga hari sebelum jadwal ditutup, Tugas saya mengingatkan berapa usulan yang belum diajukan.',
			},
			{
				roles: ['operator', 'verifier', 'approver', 'auditor'],
				title: 'Ekspor seluruh kota',
				text: 'Berkas tentang warga seluruh kota kini menunggu pengesah, juga bila NIK-nya disamarkan.',
			},
			{
				roles: [...READERS, 'admin'],
				title: 'Laporan bulanan',
				text: 'Penerima tiap kelurahan dan program dari awal sampai akhir bulan: siapa yang masuk, keluar, dan pindah, dengan jumlah yang cocok. Unduh sebagai PDF atau XLSX di Laporan.',
			},
		],
	},
	{
		version: '2026.11.3',
		day: '2026-11-29',
		items: [
			{
				roles: [...READERS, 'admin'],
				title: 'Menu menurut pekerjaan',
				text: 'Halaman kini dikelompokkan: Verifikasi, Keluarga & usulan, Program & kuota, Data, dan Pengaturan. Tekan M lalu hurufnya untuk membuka halaman mana pun, atau Ctrl+K dan ketik namanya.',
			},
			{
				roles: [...READERS, 'admin'],
				title: 'Tugas: yang lewat batas lebih dahulu',
				text: 'Tugas menyebut berapa hari lagi sebelum batas waktu menurut hari di sini, dan yang sudah lewat berada paling atas.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Mendaftar dan membetulkan keluarga',
				text: 'Di Keluarga: daftarkan keluarga, betulkan, pecah atau gabung kartu keluarga, dan nilai dugaan orang yang sama. Perubahan pada keluarga penerima menunggu pengesahan; selama itu yang lama tetap berlaku.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Usulan dan musyawarah',
				text: 'Usulan dicatat menurut jadwal, satu per satu atau banyak sekaligus. Hasil musyawarah dicatat per nama; daftar dan berita acaranya dicetak dari sini. Usulan yang dikembalikan kembali ke Tugas Anda dengan alasannya.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Usulan pembatalan dan SIKS-NG',
				text: 'Bila aturan menemukan keluarga yang tidak lagi memenuhi syarat, usulannya sudah terisi dan menunggu Anda; tidak ada yang dihapus sendiri. Yang disahkan tercantum di SIKS-NG untuk disalin dan dicentang “sudah diinput”.',
			},
			{
				roles: ['operator', 'verifier', 'auditor', 'approver'],
				title: 'Ekspor',
				text: 'Daftar dan titik rumah diekspor menurut wilayah. NIK disamarkan kecuali keperluannya ditulis; NIK seluruh kota menunggu pengesah. Berkas yang siap muncul di Tugas peminta.',
			},
			{
				roles: ['approver'],
				title: 'Yang menunggu pengesahan Anda bertambah',
				text: 'Perubahan keluarga penerima, usulan yang terverifikasi, aturan kelayakan dengan pratinjau siapa yang berubah, jadwal usulan, dan ekspor NIK seluruh kota. Semuanya ada di Tugas.',
			},
			{
				roles: ['admin'],
				title: 'Aturan kelayakan dan jadwal',
				text: 'Aturan per program diubah di Aturan dan jadwal usulan di Jadwal; keduanya berlaku setelah disahkan. Berkas impor dengan judul kolom lain dipetakan sekali, dan sebelum diterapkan terlihat mana yang baru, berubah, dan hilang.',
			},
			{
				roles: READERS,
				title: 'Kuota',
				text: 'Kuota menunjukkan setiap jatah per program dan kelurahan: terpakai, untuk calon, atau kosong, dan keluarga yang menerima dua program.',
			},
		],
	},
	{
		version: '2026.11.2',
		day: '2026-11-28',
		items: [
			{
				roles: ['operator', 'verifier'],
				title: 'Tombol angka alasan pembatalan bergeser',
				text: 'Alasan tidak layak kini dikelompokkan menurut sebabnya, sehingga sebagian angkanya lain: 5 Dinilai tidak layak oleh daerah, 6 Tidak layak menurut foto dan lokasi rumah, 8 NIK/KK tidak padan, 9 NIK atau keluarga ganda, 0 Komponen PKH tidak ada lagi. Angka 1 sampai 4 dan 7 tetap. Alasan pengembalian pada tinjauan tidak berubah.',
			},
			{
				roles: READERS,
				title: 'Arti tanda pada peta',
				text: 'Warna dan bentuk pada Peta kini dijelaskan di bawahnya; di HP, ketuk “Arti tanda” untuk membukanya.',
			},
		],
	},
	{
		version: '2026.11',
		day: '2026-11-28',
		items: [
			{
				roles: ['supervisor'],
				title: 'Lembar dan rencana kunjungan',
				text: 'Di Tinjau, Lembar menampilkan dua belas rumah tanpa tanda sekaligus. Di Kasus, Rencana kunjungan dipilih server menurut aturan sampai kapasitas tiap petugas, lalu dibuka dan ditugaskan sekaligus.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Penerima bulan ini',
				text: 'Penerima kini dimulai dengan semua penerima kelurahan Anda bulan ini dan sejauh mana tiap keluarga: dikunjungi, ditinjau, diputuskan. Kunjungan dapat diminta dari sana.',
			},
			{
				roles: ['operator', 'verifier'],
				title: 'Yang berubah sejak bulan lalu',
				text: 'Di Penerima, setiap keluarga menunjukkan apa yang berubah sejak keputusan sebelumnya: titik rumah, jawaban, desil, anggota keluarga, program, dan foto. Yang tidak berubah juga dikatakan.',
			},
			{
				roles: ['approver'],
				title: 'Pengganti (Plh./Plt.)',
				text: 'Di Akun saya, tunjuk pengganti untuk beberapa hari dengan nomor surat perintahnya. Pengesahannya tercatat “Plh.” untuk Anda dan berakhir sendiri.',
			},
			{
				roles: ['auditor'],
				title: 'Jejak menurut tanggal',
				text: 'Jejak kini menampilkan yang terbaru dahulu, dapat disaring dari tanggal sampai tanggal, dan menyebut untuk siapa seorang pengganti berbuat.',
			},
			{
				roles: ['admin'],
				title: 'Mencari pengguna',
				text: 'Pengguna dicari menurut nama, peran, dan keadaan langsung di server, halaman demi halaman. Peran pengesah dapat diusulkan sebagai pengganti (Plh./Plt.).',
			},
			{
				roles: READERS,
				title: 'Peta keluarga',
				text: 'Peta menunjukkan semua keluarga di wilayah Anda menurut keadaannya, dari kelompok sampai satu rumah, dengan daftar yang sama isinya.',
			},
		],
	},
];
