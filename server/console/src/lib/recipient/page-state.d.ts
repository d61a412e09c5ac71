declare global {
	namespace App {
		interface PageState {
			/** The proposal is being checked before it is sent: a step of its own for the browser's back button. */
			checking?: boolean;
		}
	}
}

export {};
