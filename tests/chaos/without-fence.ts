import { register } from 'node:module';

// For `--import`: workers that load `fence.js` without its fence.
register('./without-fence-hook.js', import.meta.url);
