// SPDX-License-Identifier: Apache-2.0
import { describeKernels } from './describeKernels.js';

// The kernels are the Cortex-M0+'s, compiled for Armv7-M and run on such a core: a sample, as all of them run there.
describeKernels('cortex-m3', (kernel) => /conv2d|fullyconnected/.test(kernel) && !/packed/.test(kernel));
